"""What a caller is told of an error: expected ones in words, surprises as a reference into the log."""

import secrets
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from inspect import isawaitable
from typing import Any, cast

import asyncpg
import graphql
import strawberry
import structlog
from graphql import GraphQLError, OperationType
from graphql.validation import specified_rules
from strawberry.execution import optimized_is_awaitable
from strawberry.types.execution import ExecutionResult, PreExecutionError

from api import limits
from api.core import database
from api.core.context import Context
from api.core.errors import HadirError, InvalidInput, SignInRequired, Unavailable
from api.core.i18n import DEFAULT_LOCALE, say
from api.inputs import plan_inputs

log = structlog.get_logger()

MOST_ERRORS = 10
LONGEST_MESSAGE = 500


class Schema(strawberry.Schema):
    """Strawberry's types and fields, executed straight by graphql-core.

    The way through Strawberry's extensions costs 50–110 µs an operation and remembers documents without regard
    to their size. Here one short way serves every transport: read within the limits, validate, execute, tell.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        plan_inputs(self.schema_converter, self.config)
        self.remembered = limits.Remembered()

    def prepare(self, query: str | None, context: Context | None) -> limits.Document:
        """A valid document within the limits; Refused with what is wrong."""
        stranger = _is_stranger(context)
        document = self.remembered.get(query or "")
        if document is None:
            document = self._read(query or "", stranger)
            self.remembered.keep(document)
        if stranger and document.introspects:  # schema.graphql is public; a server's own answer is not
            raise Refused([GraphQLError("", original_error=SignInRequired())])
        return document

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Context | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[Any] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """The answer to a query or mutation. A subscription is answered for the event given as `root_value`."""
        try:
            document = self.prepare(query, context_value)
            operation = _operation(document, operation_name)
        except Refused as refused:
            return PreExecutionError(data=None, errors=told(refused.errors, context_value))
        if operation.kind is OperationType.SUBSCRIPTION and root_value is None:
            error = GraphQLError("A subscription needs a connection that stays open: WebSocket or SSE.")
            return PreExecutionError(data=None, errors=told([error], context_value))
        result = graphql.execute(
            self._schema,
            document.node,
            root_value=root_value,
            context_value=context_value,
            variable_values=variable_values,
            operation_name=operation_name,
            executor_class=cast(Any, self.execution_context_class),
            is_awaitable=cast(Any, optimized_is_awaitable),
            hide_suggestions=_is_stranger(context_value),
        )
        return _result(await result if isawaitable(result) else result, context_value)

    async def stream(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Context | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
        allowed_operation_types: Iterable[Any] | None = None,
    ) -> AsyncGenerator[Any, None]:
        """Answers as they come: one for a query or mutation, many for a subscription, the last with its end."""
        return self._answers(query, variable_values, context_value, operation_name)

    async def _answers(
        self,
        query: str | None,
        variables: dict[str, Any] | None,
        context: Context | None,
        operation_name: str | None,
    ) -> AsyncGenerator[ExecutionResult, None]:
        try:
            document = self.prepare(query, context)
            operation = _operation(document, operation_name)
        except Refused as refused:
            yield PreExecutionError(data=None, errors=told(refused.errors, context))
            return
        if operation.kind is not OperationType.SUBSCRIPTION:
            yield await self.execute(query, variables, context, operation_name=operation_name)
            return
        source = graphql.subscribe(
            self._schema,
            document.node,
            context_value=context,
            variable_values=variables,
            operation_name=operation_name,
            executor_class=cast(Any, self.execution_context_class),
            hide_suggestions=_is_stranger(context),
        )
        events = await source if isawaitable(source) else source
        if isinstance(events, graphql.ExecutionResult):
            yield PreExecutionError(data=None, errors=told(events.errors or [], context))
            return
        try:
            async with aclosing(cast(AsyncGenerator[graphql.ExecutionResult, None], events)) as results:
                async for result in results:
                    yield _result(result, context)
        except Exception as error:  # raised by the source: an expected end, or a surprise that `told` logs
            yield ExecutionResult(data=None, errors=told([as_graphql(error)], context))

    def _read(self, text: str, stranger: bool) -> limits.Document:
        try:
            document = limits.read(self._schema, text)
        except GraphQLError as error:
            raise Refused([error]) from None
        errors = graphql.validate(
            self._schema, document.node, specified_rules, max_errors=MOST_ERRORS, hide_suggestions=stranger
        )
        if errors:  # a value that cannot even be read is the caller's mistake, no surprise of ours
            raise Refused([GraphQLError(error.message, error.nodes) for error in errors])
        return document


class Refused(Exception):
    """A request that is not executed."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


def told(errors: Sequence[GraphQLError], context: Context | None) -> list[GraphQLError]:
    locale = context.locale if context else DEFAULT_LOCALE
    return [_told(error, locale) for error in errors]


def as_graphql(error: Exception) -> GraphQLError:
    return error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)


def is_away(error: BaseException | None) -> bool:
    """Whether the database or the store is away, so that trying again helps."""
    while error is not None:
        if isinstance(error, (*database.AWAY, Unavailable)):
            return True
        error = error.__cause__
    return False


def _is_stranger(context: Context | None) -> bool:
    return context is None or context.actor_or_none is None


def _operation(document: limits.Document, name: str | None) -> limits.Operation:
    operation = document.operation(name)
    if operation is None:
        raise Refused([GraphQLError("Name an operation of the document as operationName.")])
    return operation


def _result(result: graphql.ExecutionResult, context: Context | None) -> ExecutionResult:
    errors = told(result.errors, context) if result.errors else None
    return ExecutionResult(data=result.data, errors=errors)


def is_unstorable(error: BaseException | None) -> bool:
    """Whether a value was sent that no database of ours can hold, such as U+0000 or half a surrogate pair."""
    while error is not None:
        if isinstance(error, asyncpg.DataError | UnicodeEncodeError):
            return True
        error = error.__cause__
    return False


def _told(error: GraphQLError, locale: str) -> GraphQLError:
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError):
        return _told_of_request(error, locale)
    if is_away(cause):
        cause = Unavailable()
    if is_unstorable(cause):
        cause = InvalidInput("text", "TEXT_UNSTORABLE")
    if isinstance(cause, HadirError):
        sentence = say(getattr(cause, "detail", cause.code), locale, cause.params)
        extensions = {"code": cause.code, "nextStep": sentence.next_step}
        return GraphQLError(sentence.message, error.nodes, path=error.path, extensions=extensions)
    reference = secrets.token_hex(4)
    log.error("graphql.surprise", reference=reference, path=error.path, exc_info=cause)
    sentence = say("INTERNAL", locale, {"reference": reference})
    extensions = {"code": "INTERNAL", "nextStep": sentence.next_step, "reference": reference}
    return GraphQLError(sentence.message, error.nodes, path=error.path, extensions=extensions)


def _told_of_request(error: GraphQLError, locale: str) -> GraphQLError:
    """What GraphQL itself found wrong: said in its own words, but for a limit, which we put into ours."""
    extensions = error.extensions or {}
    if extensions.get("code") == "LIMIT_EXCEEDED":
        sentence = say("LIMIT_EXCEEDED", locale, extensions)
        return GraphQLError(
            sentence.message, extensions={"code": "LIMIT_EXCEEDED", "nextStep": sentence.next_step}
        )
    return GraphQLError(
        error.message[:LONGEST_MESSAGE],
        error.nodes,
        error.source,
        error.positions,
        error.path,
        extensions={"code": "BAD_REQUEST"},
    )
