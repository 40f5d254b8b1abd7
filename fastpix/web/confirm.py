"""Pages that ask before something is done that cannot be undone, or is felt by others at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from fastpix.web.forms import EmptyForm
from fastpix.web.pages import go, show


def confirm(
    template: str,
    do: Callable[[], object],
    message: str,
    *,
    to: str = ".index",
    address: Mapping[str, Any] = MappingProxyType({}),
    **context: Any,
) -> Any:
    """The page that asks; sent, it does it and says so on the page it goes `to`, at that address.

    What a rule refuses comes back with the reason.
    """
    form = EmptyForm()

    def act() -> Any:
        do()
        return go(to, message, **address)

    return form.answer(act) or show(template, form=form, **context)
