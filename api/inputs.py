"""Input objects built by a plan that is made once.

Strawberry finds the name and the type of every field of an input object anew each time: 80 µs of the 220 that
GraphQL takes for a check-in. It has a hook for types that build their own values, and there the plan stands.
"""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from typing import Any

from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import InputContext
from strawberry.types.base import StrawberryList, StrawberryObjectDefinition, StrawberryOptional
from strawberry.types.enum import StrawberryEnumDefinition

Convert = Callable[[Any], Any]
#: Types whose values graphql-core has made already.
LEAVES = (str, int, float, bool)


def plan_inputs(converter: GraphQLCoreConverter, config: StrawberryConfig) -> None:
    """Give every input type of a schema its plan; one with fields of a kind not known here is left as it is."""
    for concrete in converter.type_map.values():
        definition = concrete.definition
        if isinstance(definition, StrawberryObjectDefinition) and definition.is_input:
            build = _plan(definition, converter, config)
            if build is not None:
                definition.from_input = build


def _plan(
    definition: StrawberryObjectDefinition, converter: GraphQLCoreConverter, config: StrawberryConfig
) -> Callable[[type, Mapping[str, Any], InputContext], Any] | None:
    fields: list[tuple[str, str, Convert]] = []
    #: Nullable fields without a default may be left out.
    absent: dict[str, Any] = {}
    for field in definition.fields:
        convert = _convert(field.resolve_type(type_definition=definition), converter, config)
        if convert is None:
            return None
        fields.append((config.name_converter.from_field(field), field.python_name, convert))
        if field.default_value is MISSING and field.default_factory is MISSING:
            absent[field.python_name] = None

    def build(origin: type, value: Mapping[str, Any], _: InputContext | None) -> Any:
        given = {python: convert(value[name]) for name, python, convert in fields if name in value}
        return origin(**{**absent, **given})

    return build


def _convert(type_: Any, converter: GraphQLCoreConverter, config: StrawberryConfig) -> Convert | None:
    """How a value of a type is made of what graphql-core has coerced; None for a kind not known here."""
    if isinstance(type_, StrawberryOptional) and type(type_) is StrawberryOptional:
        return _convert(type_.of_type, converter, config)
    if isinstance(type_, StrawberryEnumDefinition) or type_ in LEAVES or type_ in converter.scalar_registry:
        return _as_it_is
    if isinstance(type_, StrawberryList):
        each = _convert(type_.of_type, converter, config)
        return _list_of(each) if each else None
    definition = getattr(type_, "__strawberry_definition__", None)
    if isinstance(definition, StrawberryObjectDefinition) and definition.is_input:
        build = _plan(definition, converter, config)
        return _object_of(type_, build) if build else None
    return None


def _as_it_is(value: Any) -> Any:
    return value


def _list_of(each: Convert) -> Convert:
    """Also a list of plain values is copied: graphql-core gives one and the same default to every request."""
    return lambda value: None if value is None else [each(item) for item in value]


def _object_of(origin: type, build: Callable[..., Any]) -> Convert:
    return lambda value: None if value is None else build(origin, value, None)
