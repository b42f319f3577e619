"""Plain fields, written out without ceremony.

Most of what lists tell are attributes of objects that a resolver has made already. graphql-core gives each of
them a path, a resolver's `info` and six questions about its type: 10 µs a field, of which nothing is seen in the
answer. Here the plain fields of a selection are planned once an execution and then written by the plan; fields
with resolvers of their own go graphql-core's way. Where a plan meets what it did not expect (a null where none
may be, a value that a scalar refuses), the whole object goes that way too, so that errors are graphql-core's own.
"""

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple, cast

from graphql import GraphQLField, GraphQLObjectType, Undefined
from graphql.pyutils import AwaitableOrValue, Path
from graphql.type import GraphQLList, GraphQLNonNull, get_named_type, is_leaf_type
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

Write = Callable[[Any], Any]
Fields = dict[str, Any]
#: Where a leaf's way of writing is kept, among what Strawberry keeps with a field.
KEPT = "hadir-write"
#: Values that a scalar has nothing to say about.
AS_IS: dict[str, type] = {"String": str, "Boolean": bool}


class Plan(NamedTuple):
    """Of one selection on one type: what is written here, and what graphql-core executes."""

    written: list[tuple[str, Write]]
    rest: Fields


class NotPlain(Exception):
    """A value that a plan does not know how to write."""


class PlainExecutor(StrawberryGraphQLCoreExecutionContext):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        #: By the identity of the fields, which are kept beside the plan so that it stays theirs.
        self._plans: dict[int, tuple[Fields, Plan]] = {}

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: Fields,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        plan = self._plan(parent_type, grouped_field_set)
        try:
            written = {name: write(source_value) for name, write in plan.written}
        except Exception:
            return self._execute(parent_type, source_value, path, grouped_field_set, position_context)
        if not plan.rest:
            return written
        rest = self._execute(parent_type, source_value, path, plan.rest, position_context)
        if self.is_awaitable(rest):

            async def joined() -> dict[str, Any]:
                return _in_order(grouped_field_set, written | await rest)

            return joined()
        return _in_order(grouped_field_set, written | cast(dict[str, Any], rest))

    def _execute(self, *values: Any) -> AwaitableOrValue[dict[str, Any]]:
        return super().execute_fields(*values)

    def _plan(self, parent: GraphQLObjectType, fields: Fields) -> Plan:
        kept = self._plans.get(id(fields))
        if kept is not None:
            return kept[1]
        plan = Plan([], {})
        for name, details in fields.items():
            write = self._field(parent, details)
            if write is None:
                plan.rest[name] = details
            else:
                plan.written.append((name, write))
        self._plans[id(fields)] = fields, plan
        return plan

    def _field(self, parent: GraphQLObjectType, details: Any) -> Write | None:
        name = details[0].node.name.value
        if name == "__typename":
            return lambda _: parent.name
        definition = self.schema.get_field(parent, name)
        if definition is None:
            return None
        kept: Write | None = definition.extensions.get(KEPT)
        if kept is not None:
            return kept
        read = _reader(definition)
        write = self._value(read, definition.type, details) if read else None
        if write and is_leaf_type(get_named_type(definition.type)):  # nothing below it to select
            definition.extensions[KEPT] = write
        return write

    def _value(self, read: Write, type_: Any, details: Any) -> Write | None:
        """Writes what `read` finds; None where an object below has fields that are not plain."""
        strict = isinstance(type_, GraphQLNonNull)
        if strict:
            type_ = type_.of_type
        if is_leaf_type(type_):
            return _leaf(read, strict, type_.coerce_output_value, AS_IS.get(type_.name))
        if isinstance(type_, GraphQLList):
            item = self._value(_itself, type_.of_type, details)
            return item and _list(read, strict, item)
        if isinstance(type_, GraphQLObjectType) and type_.is_type_of is None:
            collected = self.collect_subfields(type_, details)
            plan = self._plan(type_, collected.grouped_field_set)
            if not plan.rest and not collected.new_defer_usages:
                return _object(read, strict, plan.written)
        return None


def _leaf(read: Write, strict: bool, coerce: Write, as_is: type | None) -> Write:
    def write(source: Any) -> Any:
        value = read(source)
        if value.__class__ is as_is:
            return value
        if value is None:
            return _null(strict)
        told = coerce(value)
        if told is None or told is Undefined:
            raise NotPlain
        return told

    return write


def _list(read: Write, strict: bool, item: Write) -> Write:
    def write(source: Any) -> Any:
        values = read(source)
        if values is None:
            return _null(strict)
        if not isinstance(values, list | tuple):
            raise NotPlain
        return [item(value) for value in values]

    return write


def _object(read: Write, strict: bool, fields: list[tuple[str, Write]]) -> Write:
    def write(source: Any) -> Any:
        value = read(source)
        if value is None:
            return _null(strict)
        return {name: field(value) for name, field in fields}

    return write


def _null(strict: bool) -> Any:
    if strict:
        raise NotPlain
    return None


def _itself(value: Any) -> Any:
    return value


def _reader(definition: GraphQLField) -> Write | None:
    """How a field is read: an attribute, or a method that asks for nothing and does not wait; None for others."""
    field = definition.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    if not isinstance(field, StrawberryField) or field.extensions or definition.args:
        return None
    resolver = field.base_resolver
    if resolver is None:
        return attrgetter(field.python_name)
    function = cast(Write, resolver.wrapped_func)
    asks = (resolver.info_parameter, resolver.root_parameter, resolver.parent_parameter)
    if resolver.self_parameter is None or any(asks) or resolver.is_async:
        return None
    return function


def _in_order(asked: Fields, told: dict[str, Any]) -> dict[str, Any]:
    """Fields stand in an answer as they do in the question."""
    return {name: told[name] for name in asked if name in told}
