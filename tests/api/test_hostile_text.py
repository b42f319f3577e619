"""Texts that a database cannot hold and cursors that nobody made: refused in words, never a surprise in the log.

Every argument that takes a text is filled, those inside inputs too.
"""

import base64
from typing import Any
from uuid import UUID

import orjson
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    get_named_type,
    get_nullable_type,
    is_required_argument,
    is_required_input_field,
)

from api.biometrics.service import folder_of
from tests.api.conftest import Ask
from tests.api.generator import documents, root
from tests.world import World

pytestmark = pytest.mark.anyio

#: PostgreSQL holds no U+0000, and half a surrogate pair is no character.
UNSTORABLE = ["\x00", "a\x00b", "\ud800"]
TEXTS = [
    "\U0010ffff", "%", "_", "\\", "'; --", "{message}", "{0.__class__}", "\u202e", "x" * 2_000,
]  # fmt: skip
#: Everything that is told in words; INTERNAL is what must not come.
TOLD = {"BAD_REQUEST", "NOT_FOUND", "INVALID_INPUT", "SIGN_IN_REQUIRED", "NOT_ALLOWED", "TOO_MANY_ATTEMPTS"}


def cursor(*key: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(key))).decode()


HUGE = "9" * 400
CURSORS = [
    "", "!", "é", "bnVsbA==", cursor(), cursor(1, 2, 3, 4), cursor(None), cursor("\x00"), cursor({}),
    cursor(None, None), cursor("a", "b"), cursor("\x00", str(UUID(int=1))), cursor(["x"], str(UUID(int=1))),
    cursor("2026-01-01", str(UUID(int=1))), cursor("0001-01-01T00:00:00+14:00", str(UUID(int=1))), cursor(HUGE, HUGE),
    cursor(None, str(UUID(int=1))),
    *(cursor(first, "a", str(UUID(int=1))) for first in (None, "2026-01-01", "2026-01-01T00:00:00", "\x00",
      "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", 7, HUGE)),
    cursor("2026-01-01T00:00:00+00:00", "\x00", str(UUID(int=1))),
    *(base64.urlsafe_b64encode(key).decode() for key in (b"[9223372036854775807]", b"[9223372036854775808]", b"[-1e400]",
      b"[18446744073709551615]", b"[99999999999999999999]", b"[true]", b"[NaN]")),
]  # fmt: skip


def holes(kind: GraphQLInputType, required: bool) -> list[tuple[str, ...]]:
    """Paths below an argument at which a text stands."""
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        return [
            (name, *rest)
            for name, field in named.fields.items()
            for rest in holes(field.type, is_required_input_field(field))
        ]
    return [()] if named.name == "String" else []


def usual(kind: GraphQLInputType, world: World) -> Any:
    """A value that passes the type."""
    if isinstance(listed := get_nullable_type(kind), GraphQLList):
        return [usual(listed.of_type, world)]
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        wanted = {name: field for name, field in named.fields.items() if is_required_input_field(field)}
        return {name: usual(field.type, world) for name, field in wanted.items()}
    if isinstance(named, GraphQLEnumType):
        return next(iter(named.values))
    known = {
        "UUID": str(world["employee"].check_ins["review"]), "String": "a usual text, long enough", "Int": 1,
        "Float": 1.0, "DateTime": world.now.isoformat(), "Date": str(world.now.date()), "Boolean": True,
    }  # fmt: skip
    return known[named.name]


def filled(kind: GraphQLInputType, path: tuple[str, ...], text: str, world: World) -> Any:
    value = usual(kind, world)
    if not path:
        return [text] if isinstance(value, list) else text
    inner = get_named_type(kind)
    assert isinstance(inner, GraphQLInputObjectType)
    below = filled(inner.fields[path[0]].type, path[1:], text, world)
    changed = {**(value[0] if isinstance(value, list) else value), path[0]: below}
    return [changed] if isinstance(value, list) else changed


@pytest.mark.parametrize("operation", ["query", "mutation"])
@pytest.mark.parametrize(
    "texts",
    [
        TEXTS,
        UNSTORABLE,
    ],
    ids=["texts", "unstorable"],
)
async def test_no_text_is_a_surprise(ask: Ask, world: World, operation: str, texts: list[str]) -> None:
    tried = 0
    for name, field in root(operation).fields.items():
        for argument, definition in field.args.items():
            for path in holes(definition.type, required=True):
                given = tuple(a for a, d in field.args.items() if is_required_argument(d) or a == argument)
                for text in CURSORS if argument == "after" else texts:
                    variables = {a: usual(field.args[a].type, world) for a in given}
                    if name in ("attendance", "checkIns", "attendanceCounts") and "unitId" in given:
                        variables["unitId"] = str(world.units["office"])
                    variables[argument] = filled(definition.type, path, text, world)
                    document = documents(operation, name, given)[0]
                    answer = await ask(world["supervisor"], document.text, **variables)
                    assert set(answer.codes) <= TOLD, (name, argument, path, text, answer.errors)
                    tried += 1
    assert tried > 13 * len(texts)  # the mutations take fourteen between them


async def test_a_photograph_s_name_that_no_store_has_is_told(ask: Ask, world: World) -> None:
    """Names that begin rightly, and then are no name."""
    person = world["employee"]
    folder = folder_of(world.agencies["a"], person.employee_id)
    query = (
        "mutation($keys: [String!]!) { enrolFace(input: {uploads: $keys}) "
        "{ __typename ... on EnrolmentAccepted { enrolment { state } } } }"
    )
    for key in (
        "/",
        "//x",
        "/%",
        "/a/../b",
        "/\x00",
        "/.",
        "/./x",
        "/" + "x" * 5_000,
        "/ ",
        "/é",
        "/a\nb",
        "/CON",
    ):
        answer = await ask(person, query, keys=[folder + key])
        assert answer["enrolFace"]["__typename"] in ("InvalidInput", "UploadMissing"), (key, answer)


async def test_a_name_may_hold_what_sentences_are_made_with(ask: Ask, world: World) -> None:
    """Braces in what people write are theirs, and no gap to fill."""
    name = "{seconds} {0.__class__}"
    query = "mutation($name: String!) { createApiToken(name: $name) { ... on ApiTokenCreated { apiToken { name } } } }"
    assert (await ask(world["employee"], query, name=name))["createApiToken"] == {"apiToken": {"name": name}}
