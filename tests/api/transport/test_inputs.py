"""Input objects come out as Strawberry makes them, only sooner."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    coerce_input_value,
)
from strawberry.types.arguments import convert_argument
from strawberry.types.base import StrawberryObjectDefinition

from api.schema import schema

SAMPLES: dict[str, Any] = {
    "String": "x",
    "Int": 3,
    "Float": 1.5,
    "Boolean": True,
    "UUID": "01a20025-7067-739f-9349-c585c2e0b901",
    "DateTime": "2026-11-21T08:00:00+07:00",
    "Date": "2026-11-21",
}


def _sample(type_: GraphQLInputType, fill: str) -> Any:
    """A value as JSON holds it; `fill` says what stands where nothing need stand: values, null, or nothing."""
    if isinstance(type_, GraphQLNonNull):
        return _sample(type_.of_type, fill)
    if isinstance(type_, GraphQLList):
        return [_sample(type_.of_type, fill)] * 2
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    if not isinstance(type_, GraphQLInputObjectType):
        return SAMPLES[type_.name]
    found = {}
    for name, field in type_.fields.items():
        if isinstance(field.type, GraphQLNonNull) or fill == "values":
            found[name] = _sample(field.type, fill)
        elif fill == "null":
            found[name] = None
    return found


def _inputs() -> Iterator[StrawberryObjectDefinition]:
    for concrete in schema.schema_converter.type_map.values():
        if isinstance(concrete.definition, StrawberryObjectDefinition) and concrete.definition.is_input:
            yield concrete.definition


@pytest.fixture
def unplanned() -> Iterator[None]:
    """Strawberry's own way, for a while."""
    plans = [(definition, definition.from_input) for definition in _inputs()]
    for definition, _ in plans:
        definition.from_input = None
    yield
    for definition, plan in plans:
        definition.from_input = plan


def _converted(definition: StrawberryObjectDefinition, fill: str) -> Any:
    type_ = schema._schema.get_type(definition.name)
    assert isinstance(type_, GraphQLInputObjectType)
    value = coerce_input_value(_sample(type_, fill), type_)
    registry = schema.schema_converter.scalar_registry
    return convert_argument(copy.deepcopy(value), definition.origin, registry, schema.config)


PLANNED = {
    (d.name, fill): (d, _converted(d, fill)) for d in _inputs() for fill in ("values", "null", "nothing")
}


def test_every_input_type_has_a_plan() -> None:
    assert all(definition.from_input is not None for definition in _inputs())
    assert PLANNED


@pytest.mark.parametrize("case", PLANNED, ids=" with ".join)
def test_values_are_the_same(case: tuple[str, str], unplanned: None) -> None:
    definition, planned = PLANNED[case]
    own = _converted(definition, case[1])
    assert type(planned) is type(own) is definition.origin
    assert planned == own
    assert repr(planned) == repr(own)
