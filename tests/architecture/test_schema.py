"""The schema is the product's only door: it is written down as it is, and every part of it says what it means."""

from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    is_specified_scalar_type,
)

from api.described import ARGUMENTS, VALUES
from api.schema import printed

ROOT = Path(__file__).parents[2]
WRITTEN = (ROOT / "schema.graphql").read_text("utf-8")
SCHEMA = build_schema(WRITTEN)


def parts() -> dict[str, str | None]:
    """Everything that can be described → its description."""
    found: dict[str, str | None] = {}
    for name, kind in SCHEMA.type_map.items():
        if name.startswith("__") or is_specified_scalar_type(kind):
            continue
        found[name] = kind.description
        if isinstance(kind, GraphQLEnumType):
            found |= {f"{name}.{value}": definition.description for value, definition in kind.values.items()}
        elif isinstance(kind, GraphQLInputObjectType):
            found |= {f"{name}.{field}": definition.description for field, definition in kind.fields.items()}
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, definition in kind.fields.items():
                found[f"{name}.{field}"] = definition.description
                found |= {
                    f"{name}.{field}({arg})": taken.description for arg, taken in definition.args.items()
                }
    return found


def test_the_schema_is_written_down_as_it_is() -> None:
    assert printed() == WRITTEN, "write it anew: .venv/bin/python hadir.py schema > schema.graphql"


def test_every_type_field_argument_and_value_is_described() -> None:
    undescribed = [name for name, text in parts().items() if not (text or "").strip()]
    assert undescribed == []


def test_descriptions_are_sentences() -> None:
    unfinished = {name for name, text in parts().items() if text and text.strip()[-1] not in ".…"}
    assert unfinished == {"Date", "DateTime"}, "but for the library's own"


def test_nothing_is_described_that_is_not_there() -> None:
    known = parts()
    assert not [name for name in VALUES if name not in known]
    assert not [name for name in ARGUMENTS if not any(part.endswith(f"({name})") for part in known)]
