"""What a caller is told of an error: expected ones in words, surprises as a reference into the log."""

import re
import secrets
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import asyncpg
import strawberry
import structlog
from graphql import GraphQLError
from strawberry.types import ExecutionContext
from strawberry.types.execution import ExecutionResult
from tortoise.exceptions import DBConnectionError

from api.core.context import Context
from api.core.errors import HadirError, Unavailable
from api.core.i18n import DEFAULT_LOCALE, say

log = structlog.get_logger()

#: A server that is away or starting. `InterfaceError` is asyncpg's for a pool that is closing.
AWAY = (
    DBConnectionError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    ConnectionError,
    TimeoutError,
)
_SUGGESTION = re.compile(r" Did you mean .*\?", re.DOTALL)


class Schema(strawberry.Schema):
    """Strawberry's schema, telling errors our way on every transport."""

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Nothing: `told` logs what is a surprise, once."""

    async def execute(self, query: str | None, *args: Any, **kwargs: Any) -> ExecutionResult:
        result = await super().execute(query, *args, **kwargs)
        if result.errors:
            result.errors = told(result.errors, kwargs.get("context_value"))
        return result

    async def stream(self, query: str | None, *args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        return _told_one_by_one(await super().stream(query, *args, **kwargs), kwargs.get("context_value"))


async def _told_one_by_one(results: AsyncGenerator[Any, None], context: Any) -> AsyncGenerator[Any, None]:
    async for result in results:
        if getattr(result, "errors", None):
            result.errors = told(result.errors, context)
        yield result


def told(errors: Sequence[GraphQLError], context: Context | None) -> list[GraphQLError]:
    locale = context.locale if context else DEFAULT_LOCALE
    stranger = context is None or context.actor_or_none is None
    return [_told(error, locale, stranger) for error in errors]


def is_away(error: BaseException | None) -> bool:
    """Whether the database or the store is away, so that trying again helps."""
    while error is not None:
        if isinstance(error, (*AWAY, Unavailable)):
            return True
        error = error.__cause__
    return False


def _told(error: GraphQLError, locale: str, stranger: bool) -> GraphQLError:
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError):
        message = _SUGGESTION.sub("", error.message) if stranger else error.message
        code = (error.extensions or {}).get("code", "BAD_REQUEST")
        return GraphQLError(message, error.nodes, path=error.path, extensions={"code": code})
    if is_away(cause):
        cause = Unavailable()
    if isinstance(cause, HadirError):
        sentence = say(getattr(cause, "detail", cause.code), locale, cause.params)
        extensions = {"code": cause.code, "nextStep": sentence.next_step}
        return GraphQLError(sentence.message, error.nodes, path=error.path, extensions=extensions)
    reference = secrets.token_hex(4)
    log.error("graphql.surprise", reference=reference, path=error.path, exc_info=cause)
    sentence = say("INTERNAL", locale, {"reference": reference})
    extensions = {"code": "INTERNAL", "nextStep": sentence.next_step, "reference": reference}
    return GraphQLError(sentence.message, error.nodes, path=error.path, extensions=extensions)
