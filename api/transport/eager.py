"""Sending without a task where nothing has to be waited for."""

import types
from collections.abc import Awaitable, Generator
from typing import Any


def begin(work: Awaitable[None]) -> Awaitable[None] | None:
    """Take the first step of something awaitable at once. None when that was all, as with a message to a client
    that keeps up; otherwise the rest of it, to be awaited. Whatever it raises is raised.

    A task for each of thousands of sends costs more than the sending. (Python 3.12 has eager tasks.)
    """
    steps = work.__await__()
    try:
        waits_for = next(steps)
    except StopIteration:
        return None
    return _rest(steps, waits_for)


@types.coroutine
def _rest(steps: Generator[Any, Any, None], waits_for: Any) -> Generator[Any, Any, None]:
    """What follows the first step, for the task that awaits this."""
    while True:
        try:
            answer = yield waits_for
        except BaseException as error:
            waits_for = steps.throw(error)
        else:
            try:
                waits_for = steps.send(answer)
            except StopIteration:
                return
