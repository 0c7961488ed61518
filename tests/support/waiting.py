"""Waiting for what another process or thread does: on the condition, with a deadline."""

import asyncio
import inspect
from collections.abc import Callable
from reprlib import Repr

_brief = Repr()
_brief.maxother = _brief.maxstring = 400
_brief.maxlist = _brief.maxdict = _brief.maxset = 20


async def until(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    """Return once `condition` holds.

    Raises:
        TimeoutError: it does not within `timeout_s`; with what the condition looked at.
    """
    try:
        async with asyncio.timeout(timeout_s):
            while not condition():  # noqa: ASYNC110  the condition is another process's; nobody here can set an event
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise TimeoutError(f"waited {timeout_s:g} s in vain; {seen_by(condition)}") from None


def seen_by(condition: Callable[[], bool]) -> str:
    """What the variables of a condition hold, for a failure's message."""
    if not inspect.isfunction(condition):
        return repr(condition)
    values = inspect.getclosurevars(condition).nonlocals
    return "; ".join(f"{name} = {_brief.repr(value)}" for name, value in values.items()) or "nothing to be shown"
