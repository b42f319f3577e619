"""The API asked from within the process: what the pages are handed, with the limits that hold for everyone."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from api.core.runtime import Runtime
from api.transport.answers import failure
from api.transport.asked import Asked, Caller
from api.transport.engine import Engine
from api.transport.reader import Payload
from api.transport.seats import Seats

Execute = Callable[..., Awaitable[dict[str, Any]]]
Subscribe = Callable[..., AsyncIterator[bytes]]


def make_client(runtime: Runtime) -> tuple[Execute, Subscribe]:
    """`execute` answers one question; `subscribe` yields encoded answers, the same bytes object to all readers
    of a scope. Neither raises: what went wrong stands in the answer's `errors`."""
    engine, seats = Engine(runtime), Seats()

    async def execute(
        query: str,
        variables: dict[str, Any],
        *,
        token: str | None,
        locale: str,
        address: str,
        user_agent: str,
    ) -> dict[str, Any]:
        return await engine.execute(Asked(query, variables), Caller(token, locale, address, user_agent))

    async def subscribe(
        query: str, variables: dict[str, Any], *, token: str | None, locale: str
    ) -> AsyncGenerator[bytes, None]:
        try:
            context = await engine.context(Caller(token, locale))
            with seats.taken(context.actor_or_none):
                async with aclosing(engine.answers(Asked(query, variables), context)) as answers:
                    async for payload in answers:
                        yield payload.data
        except Exception as error:
            yield Payload(failure(error, runtime, locale)).data

    return execute, subscribe
