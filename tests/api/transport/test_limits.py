"""How documents are measured."""

import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import GraphQLError, GraphQLList, GraphQLNonNull, GraphQLObjectType, get_introspection_query

from api import limits
from api.schema import schema

PAGES = Path(__file__).parents[3] / "web" / "pages"


def _limit(text: str) -> str | None:
    """The limit that a document exceeds."""
    try:
        limits.read(schema._schema, text)
    except GraphQLError as error:
        extensions = error.extensions or {}
        assert extensions["code"] == "LIMIT_EXCEEDED"
        name: str = extensions["limit"]
        return name
    return None


def _deep(levels: int) -> str:
    """A query so many fields deep."""
    return "{ me { employee {" + " supervisor {" * (levels - 3) + " id" + " }" * (levels - 3) + " } } }"


def test_depth() -> None:
    assert _limit(_deep(limits.DEEPEST)) is None
    assert _limit(_deep(limits.DEEPEST + 1)) == "depth"
    assert _limit(_deep(300)) == "depth"


def test_depth_through_fragments() -> None:
    chain = "".join(
        f" fragment F{n} on Employee {{ supervisor {{ ...F{n + 1} }} }}" for n in range(limits.DEEPEST)
    )
    last = f" fragment F{limits.DEEPEST} on Employee {{ id }}"
    assert _limit("{ me { employee { ...F0 } } }" + chain + last) == "depth"


def test_aliases() -> None:
    def aliased(count: int) -> str:
        return "{ me { " + " ".join(f"a{n}: permissions" for n in range(count)) + " } }"

    assert _limit(aliased(limits.MOST_ALIASES)) is None
    assert _limit(aliased(limits.MOST_ALIASES + 1)) == "aliases"
    fragment = " fragment F on Query { " + " ".join(f"a{n}: __typename" for n in range(5)) + " }"
    assert _limit("{ ...F ...F ...F ...F }" + fragment) == "aliases"


def test_fields() -> None:
    wide = "{ " + " ".join(f"f{n}" for n in range(limits.MOST_FIELDS)) + " }"
    assert _limit(wide) is None
    assert _limit(wide[:-1] + " more }") == "fields"


def test_fields_of_a_fragment_that_nothing_spreads() -> None:
    unused = "fragment F on Query { " + " ".join(f"f{n}" for n in range(limits.MOST_FIELDS + 1)) + " }"
    assert _limit("{ __typename } " + unused) == "fields"


def test_fields_that_would_be_compared_with_one_another() -> None:
    assert _limit("{ me { " + "permissions " * 22 + "} }") is None
    assert _limit("{ me { " + "permissions " * 24 + "} }") == "overlapping fields"


def test_spreads_that_multiply() -> None:
    doubling = "".join(f" fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    assert _limit("{ ...F0 }" + doubling + " fragment F60 on Query { __typename }") == "fragment spreads"


def test_cycles_of_fragments_are_left_to_validation() -> None:
    assert _limit("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }") is None


def test_cost_counts_what_lists_repeat() -> None:
    rows = "attendance(unitId: $u, first: {}) {{ edges {{ node {{ checkIns {{ {} }} }} }} }}"
    fields = "id kind state day receivedAt settledAt receipt contestedAt contestReason canReview canContest"
    assert _limit(f"query($u: UUID!) {{ {rows.format(40, fields)} }}") is None
    assert _limit(f"query($u: UUID!) {{ {rows.format(50, fields)} }}") == "cost"
    assert _limit(f"query($u: UUID!, $n: Int!) {{ {rows.format('$n', fields)} }}") == "cost"
    assert _limit(f"query($u: UUID!) {{ {rows.replace(', first: {}', '').format(fields)} }}") == "cost"
    assert _limit(f"query($u: UUID!) {{ {rows.format(-5, fields)} }}") is None
    assert _limit(f"query($u: UUID!) {{ {rows.format('9' * 5000, fields)} }}") == "cost"


def test_tokens_comments_and_characters() -> None:
    assert _limit("{ f(a: [" + "1 " * limits.MOST_TOKENS + "]) }") == "tokens"
    assert _limit("{ f } " + "#\n" * (limits.MOST_COMMENTS + 1)) == "tokens"
    assert _limit("{ f }" + " " * limits.MOST_BODY_BYTES) == "characters"


def test_nesting_that_the_parser_cannot_follow() -> None:
    assert _limit("{ f(a: " + "[" * 480 + "]" * 480 + ") }") == "depth"
    assert _limit("{ a " * 480 + "}" * 480) == "depth"


def test_every_list_has_a_measure() -> None:
    assert set(limits.LISTS) == set(_lists())


def _lists() -> Iterator[str]:
    for name, found in schema._schema.type_map.items():
        if isinstance(found, GraphQLObjectType):
            for field_name, field in found.fields.items():
                type_ = field.type.of_type if isinstance(field.type, GraphQLNonNull) else field.type
                if isinstance(type_, GraphQLList) and "first" not in field.args and field_name != "edges":
                    yield f"{name}.{field_name}"


def test_what_the_pages_ask_is_within_the_limits() -> None:
    texts = [path.read_text("utf-8") for path in PAGES.glob("*/*.graphql")]
    assert texts
    for text in texts:
        assert _limit(text) is None


def test_the_usual_introspection_is_within_the_limits() -> None:
    for more in (True, False):
        text = get_introspection_query(
            specified_by_url=more,
            directive_is_repeatable=more,
            schema_description=more,
            input_value_deprecation=more,
        )
        assert _limit(text) is None


def test_other_introspection_is_not() -> None:
    names = "name kind description " * 3
    types = f"types {{ fields {{ type {{ fields {{ type {{ {names} ofType {{ {names} }} }} }} }} }} }}"
    twice = types.replace("fields { type {", "args { type { name kind } } fields { type {", 1)
    assert _limit(f"{{ __schema {{ {types} }} }}") is None
    assert _limit(f"{{ __schema {{ {twice} {types} {types} }} }}") == "introspection"
    assert _limit("{ __schema { a: types { name } } }") == "aliases in introspection"
    assert _limit("{ a: __schema { types { name } } }") == "aliases in introspection"


def test_what_is_remembered_is_bounded_and_the_latest() -> None:
    remembered = limits.Remembered()
    texts = [f"{{ {'__typename ' * 20} a{n}: __typename }} #{'x' * 20_000}" for n in range(500)]
    for text in texts:
        remembered.keep(limits.read(schema._schema, text))
        assert remembered.get(texts[0]) or text != texts[1]
    assert remembered.get(texts[-1]) is not None
    assert remembered.get(texts[1]) is None
    kept = sum(document.weight for document in remembered._documents.values())
    assert 0 < kept == remembered.weight <= limits.MOST_REMEMBERED


def test_a_document_weighs_no_more_than_is_said() -> None:
    for text in ("{ me { " + "permissions employee { id } " * 10 + "} }", "{ __typename } #" + "x" * 60_000):
        limits.read(schema._schema, text)
        tracemalloc.start()
        copy = "".join(list(text))
        document = limits.read(schema._schema, copy)
        weighs, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert document.weight / 3 < weighs < document.weight * 1.1


def test_a_document_that_is_kept_twice_counts_once() -> None:
    remembered = limits.Remembered()
    document = limits.read(schema._schema, "{ __typename }")
    for _ in range(3):
        remembered.keep(document)
    assert remembered.weight == document.weight


@pytest.mark.parametrize("limit", ["depth", "cost"])
def test_the_sentence_names_the_limit(limit: str) -> None:
    from api.failures import told

    (error,) = told([limits.exceeded(limit, 7)], None)
    assert limit in error.message
    assert "7" in error.message
    assert json.dumps(error.formatted)
