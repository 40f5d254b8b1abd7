"""Gathers what many streams ask for at about the same time, and has it done in one go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Batch(Generic[Item, Answer]):
    """`run` takes all that was put in within `seconds`, in order, and gives to each an answer, or what was wrong with it.

    One run follows the other.
    """

    def __init__(self, run: Callable[[list[Item]], Awaitable[Sequence[Answer | Exception]]], seconds: float) -> None:
        self._run, self._seconds = run, seconds
        self._waiting: list[tuple[Item, asyncio.Future[Answer]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def put(self, item: Item, *, is_urgent: bool = False) -> asyncio.Future[Answer]:
        """Have it done, at once if it is urgent: the answer, or what `run` raised."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((item, future))
        if is_urgent and self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._timer is None and self._task is None:
            self._timer = loop.call_later(0 if is_urgent else self._seconds, self._begin)
        return future

    def _begin(self) -> None:
        self._timer = None
        self._task = asyncio.get_running_loop().create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, []
                await self._answer(waiting)
        finally:
            self._task = None

    async def _answer(self, waiting: list[tuple[Item, asyncio.Future[Answer]]]) -> None:
        answers: Sequence[Answer | Exception]
        try:
            answers = await self._run([item for item, _ in waiting])
        except Exception as problem:  # noqa: BLE001  # whoever asked hears of it
            answers = [problem] * len(waiting)
        for (_, future), answer in zip(waiting, answers, strict=True):
            if future.done():  # nobody waits any more
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
