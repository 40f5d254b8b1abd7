"""What many ask for at a time is done in one go, in order, and each hears of its own."""

from __future__ import annotations

import asyncio

import pytest

from fastpix.live.batch import Batch


class Work:
    """Doubles numbers; what it was given at a time is kept in `runs`."""

    def __init__(self, seconds=0.0):
        self.runs, self.may_go_on = [], asyncio.Event()
        self.may_go_on.set()
        self.batch = Batch(self._run, seconds)

    async def _run(self, items):
        self.runs.append(items)
        await self.may_go_on.wait()
        if None in items:
            raise LookupError("not a number")
        return [ValueError(item) if item < 0 else 2 * item for item in items]


def test_what_is_put_in_at_a_time_is_one_run_and_each_gets_its_answer():
    async def go():
        work = Work()
        return await asyncio.gather(*map(work.batch.put, (1, -2, 3)), return_exceptions=True), work.runs

    (one, two, three), runs = asyncio.run(go())
    assert (one, three) == (2, 6) and isinstance(two, ValueError)
    assert runs == [[1, -2, 3]]


def test_what_comes_during_a_run_is_the_next_one():
    async def go():
        work = Work()
        work.may_go_on.clear()
        first = work.batch.put(1)
        while not work.runs:
            await asyncio.sleep(0)
        later = [work.batch.put(2), work.batch.put(3, is_urgent=True)]
        work.may_go_on.set()
        return [await first, *[await each for each in later]], work.runs

    assert asyncio.run(go()) == ([2, 4, 6], [[1], [2, 3]])


def test_what_fails_fails_for_all_and_the_next_one_is_done():
    async def go():
        work = Work()
        for future in (work.batch.put(1), work.batch.put(None)):
            with pytest.raises(LookupError):
                await future
        gone = work.batch.put(4)
        gone.cancel()
        return await work.batch.put(5)

    assert asyncio.run(go()) == 10


def test_what_is_urgent_waits_for_nothing_and_takes_along_what_waits():
    async def go():
        work = Work(seconds=3600)
        patient = work.batch.put(1)
        return await asyncio.wait_for(asyncio.gather(work.batch.put(2, is_urgent=True), patient), 60), work.runs

    assert asyncio.run(go()) == ([4, 2], [[1, 2]])
