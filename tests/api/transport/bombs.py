"""Requests made to cost much: name → query, variables, and the code that must answer."""

from dataclasses import dataclass
from typing import Any

LIMIT, BAD = "LIMIT_EXCEEDED", "BAD_REQUEST"
LOGIN = "mutation($input: LoginInput!) { login(input: $input) { __typename } }"
WALL = "subscription($unit: UUID!) { attendanceChanged(unitId: $unit) { resync } }"


@dataclass(frozen=True)
class Bomb:
    query: str
    code: str
    variables: Any = None


def _nested(opening: str, levels: int, inside: str = "") -> str:
    return opening * levels + inside + "}" * levels


def _doubling(count: int, body: str) -> str:
    return "".join(f" fragment F{n} on Me {{ {body.format(n + 1)} }}" for n in range(count))


def _overlapping() -> str:
    """25 KB of fields that would have to be compared with one another, in fragments that spread one another."""
    fields = " ".join(["employee { id name }"] * 20)
    spreads = " ".join(f"...F{n}" for n in range(40))
    return f"{{ me {{ {spreads} }} }}" + "".join(f" fragment F{n} on Me {{ {fields} }}" for n in range(40))


BOMBS = {
    "depth": Bomb("{ me { employee " + _nested("{ supervisor ", 300, "{ id }") + "} }", LIMIT),
    "depth of brackets": Bomb(_nested("{ me ", 10_000), LIMIT),
    "unbalanced brackets": Bomb("{ me " * 10_000, LIMIT),
    "aliases": Bomb("{ " + " ".join(f"a{n}: me {{ permissions }}" for n in range(180)) + " }", LIMIT),
    "aliases of a mutation": Bomb(
        "mutation { " + " ".join(f"a{n}: logout" for n in range(300)) + " }", LIMIT
    ),
    "aliases of the wall": Bomb(
        "subscription($u: UUID!) { "
        + " ".join(f"a{n}: attendanceChanged(unitId: $u) {{ resync }}" for n in range(80))
        + " }",
        LIMIT,
        {"u": "00000000-0000-0000-0000-000000000000"},
    ),
    "tokens": Bomb("{ " + "a " * 10_000 + "}", LIMIT),
    "tokens in an argument": Bomb("{ me(a: [" + "1," * 10_000 + "]) { permissions } }", LIMIT),
    "overlapping fields": Bomb(_overlapping(), LIMIT),
    "one field many times": Bomb("{ me { " + "permissions " * 900 + "} }", LIMIT),
    "one field many times where nothing reads it": Bomb(
        "{ me { permissions } } fragment F on Me { " + "permissions " * 900 + "}", LIMIT
    ),
    "fields with other arguments": Bomb(
        "{ me { " + " ".join(f"recentCheckIns(first: {n}) {{ id }}" for n in range(1, 90)) + " } }", LIMIT
    ),
    "fragments that double": Bomb(
        "{ me { ...F0 } }" + _doubling(60, "...F{0} ...F{0}") + " fragment F60 on Me { permissions }", LIMIT
    ),
    "fragments that double their fields": Bomb(
        "{ me { ...F0 } }" + _doubling(50, "...F{0} permissions ...F{0}") + " fragment F50 on Me { permissions }", LIMIT
    ),
    "a cycle of fragments": Bomb(
        "{ me { ...F0 } }" + _doubling(50, "...F{0}") + " fragment F50 on Me { ...F0 }", BAD
    ),
    "a fragment in itself": Bomb("{ me { ...F } } fragment F on Me { ...F ...F ...F permissions }", BAD),
    "a chain of fragments": Bomb(
        "{ me { ...F0 } }" + _doubling(110, "...F{0}") + " fragment F110 on Me { permissions }", LIMIT
    ),
    "fragments that nothing reads": Bomb(
        "{ me { permissions } }" + " ".join(f"fragment F{n} on Me {{ permissions }}" for n in range(120)), BAD
    ),
    "inline fragments": Bomb("{ me { " + _nested("... { ", 300, "permissions") + " } }", LIMIT),
    "directives": Bomb("{ me { permissions " + "@skip(if: false) " * 1_000 + "} }", LIMIT),
    "unknown directives": Bomb("{ me { permissions " + "@a" * 450 + "} }", BAD),
    "unknown fields": Bomb("{ me { " + " ".join(f"permission{n}" for n in range(240)) + " } }", BAD),
    "unknown fields of long names": Bomb(
        "{ me { " + " ".join(f"{'x' * 250}{n}" for n in range(200)) + " } }", BAD
    ),
    "a very long name": Bomb("{ me { " + "permissions" * 5_500 + " } }", BAD),
    "unknown arguments": Bomb("{ me(" + " ".join(f"a{n}: 1" for n in range(240)) + ") { permissions } }", BAD),
    "variables": Bomb(
        "query(" + " ".join(f"$v{n}: Int" for n in range(240)) + ") { me { permissions } }", BAD
    ),
    "operations": Bomb(" ".join(f"query Q{n} {{ me {{ permissions }} }}" for n in range(120)), BAD),
    "operations of one name": Bomb("query Q { me { permissions } } " * 120, BAD),
    "comments": Bomb("{ me { permissions } }" + "#x\n" * 15_000, LIMIT),
    "one long comment": Bomb("{ me { nothing } }#" + "x" * 60_000, BAD),
    "white space": Bomb("{ me { nothing } }" + " ,\n" * 20_000, BAD),
    "a huge number": Bomb("{ me { recentCheckIns(first: " + "9" * 60_000 + ") { id } } }", BAD),
    "a huge text": Bomb('{ employees(search: "' + "x" * 60_000 + '", first: 1.5) { totalCount } }', BAD),
    "a huge block text": Bomb('{ me { recentCheckIns(first: """' + "  x\n" * 15_000 + '""") { id } } }', BAD),
    "escapes": Bomb('{ me { recentCheckIns(first: "' + "\\u0041" * 9_000 + '") { id } } }', BAD),
    "lists in lists": Bomb("{ me { recentCheckIns(first: " + "[" * 480 + "]" * 480 + ") { id } } }", LIMIT),
    "objects in objects": Bomb(
        "mutation { login(input: " + "{a: " * 240 + "1" + "}" * 240 + ") { __typename } }", LIMIT
    ),
    "lists in lists of a variable": Bomb(LOGIN, BAD, {"input": eval("[" * 90 + "]" * 90)}),
    "objects in objects of a variable": Bomb(LOGIN, BAD, {"input": eval("{'nip':" * 90 + "1" + "}" * 90)}),
    "many wrong values": Bomb(
        "mutation($input: EnrolFaceInput!) { enrolFace(input: $input) { __typename } }",
        BAD,
        {"input": {"uploads": [1] * 15_000}},
    ),
    "many unknown keys": Bomb(LOGIN, BAD, {"input": {f"k{n}": n for n in range(4_000)}}),
    "huge numbers in variables": Bomb(
        "query($n: Int!) { me { recentCheckIns(first: $n) { id } } }", BAD, {"n": 2**63 - 1}
    ),
    "introspection by aliases": Bomb(
        "{ __schema { " + " ".join(f"a{n}: types {{ name fields {{ name }} }}" for n in range(60)) + " } }", LIMIT
    ),
    "introspection in circles": Bomb(
        "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }", LIMIT
    ),
    "cost": Bomb(
        "query($u: UUID!) { attendance(unitId: $u) { edges { node { checkIns { "
        "id kind state day receivedAt settledAt receipt contestedAt contestReason canReview canContest } } } } }",
        LIMIT,
        {"u": "00000000-0000-0000-0000-000000000000"},
    ),
}  # fmt: skip
