"""Results as JSON-ready answers."""

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLError
from strawberry.types.execution import ExecutionResult, PreExecutionError

from api.core.context import Context
from api.core.runtime import Runtime
from api.failures import as_graphql, told

Errors = list[dict[str, Any]]


def answer_of(result: ExecutionResult) -> dict[str, Any]:
    """`data` is left out where nothing was executed, `errors` where there are none."""
    answer: dict[str, Any] = {} if isinstance(result, PreExecutionError) else {"data": result.data}
    if result.errors:
        answer["errors"] = formatted(result.errors)
    return answer


def failure(error: Exception, runtime: Runtime, locale: str) -> dict[str, Any]:
    """For what is raised outside an execution."""
    return {"errors": formatted(told([as_graphql(error)], Context(runtime, None, locale)))}


def formatted(errors: Sequence[GraphQLError]) -> Errors:
    return [dict(error.formatted) for error in errors]


def code_of(answer: dict[str, Any]) -> str:
    """The first error's code; empty when there is none."""
    errors = answer.get("errors")
    return str(errors[0]["extensions"]["code"]) if errors else ""
