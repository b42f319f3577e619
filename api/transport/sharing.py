"""Which subscriptions can be worked out once for all who watch the same, and what tells them apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import orjson
from graphql import FieldNode, GraphQLError, GraphQLSchema, OperationType
from graphql.execution.values import get_argument_values, get_variable_values

from api.core.context import Actor
from api.core.policy import Permission
from api.core.slice import Source
from api.limits import Operation
from api.slices import merged
from api.transport.asked import Asked

#: Root field → source. Each takes the unit as `unitId`.
SOURCES = merged(lambda slice: slice.sources)

#: Fields that answer the same to everyone who holds the same permissions on the unit watched. What is not named
#: here is worked out for each reader by himself; and the shared answer is made for nobody, so that a field which
#: asks who is reading fails rather than tells.
SHAREABLE = frozenset(
    f"{name}.{field}"
    for name, fields in {"Subscription": " ".join(SOURCES), **merged(lambda slice: slice.shareable)}.items()
    for field in (*fields.split(), "__typename")
)


#: Permissions on which nothing shareable depends: whoever holds them watches with those who do not.
BESIDE = frozenset(
    {
        Permission.RECORD_PRESENCE,
        Permission.READ_OBJECTIONS,
        Permission.SEE_LIKENESSES,
        Permission.MANAGE_ACCOUNTS,
    }
)


@dataclass(frozen=True, slots=True)
class Question:
    """A subscription that can be shared, as one reader asks it."""

    source: Source
    asked: Asked
    unit_id: UUID
    #: Variables as JSON with sorted keys, to tell questions apart.
    variables: bytes


@dataclass(frozen=True, slots=True)
class Scope:
    """All that the answers to a question depend on: readers for whom this is equal get the same bytes."""

    agency_id: UUID
    unit_id: UUID
    #: Where the unit lies.
    path: str
    permissions: frozenset[Permission]
    locale: str
    query: str
    operation_name: str | None
    variables: bytes


def question_of(schema: GraphQLSchema, operation: Operation, asked: Asked) -> Question | None:
    """None where the operation must be worked out for its reader alone."""
    if operation.kind is not OperationType.SUBSCRIPTION or not operation.coordinates <= SHAREABLE:
        return None
    root, *others = operation.node.selection_set.selections
    if others or not isinstance(root, FieldNode):
        return None
    source = SOURCES.get(root.name.value)
    unit_id = _unit_id(schema, operation, root, asked)
    if source is None or unit_id is None:
        return None
    return Question(source, asked, unit_id, orjson.dumps(asked.variables, option=orjson.OPT_SORT_KEYS))


def scope_of(question: Question, actor: Actor, path: str, locale: str) -> Scope:
    return Scope(
        actor.agency_id,
        question.unit_id,
        path,
        told_apart_by(actor.held_on(path)),
        locale,
        question.asked.query,
        question.asked.operation_name,
        question.variables,
    )


def told_apart_by(held: frozenset[Permission]) -> frozenset[Permission]:
    """Of what a reader holds on the unit, that on which the answers may depend."""
    return held - BESIDE


def _unit_id(schema: GraphQLSchema, operation: Operation, root: FieldNode, asked: Asked) -> UUID | None:
    """None for values that cannot be read: the ordinary way says what is wrong with them."""
    variables = get_variable_values(schema, operation.node.variable_definitions or (), asked.variables or {})
    if isinstance(variables, list) or schema.subscription_type is None:
        return None
    try:
        values: Mapping[str, Any] = get_argument_values(
            schema.subscription_type.fields[root.name.value], root, variables
        )
    except GraphQLError:
        return None
    found = values.get("unit_id", values.get("unitId"))
    return found if isinstance(found, UUID) else None
