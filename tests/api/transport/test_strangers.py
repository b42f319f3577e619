"""What strangers are told of the schema: nothing that they did not name themselves."""

import json
from typing import Any

import httpx
import pytest
from graphql import get_introspection_query

from api.schema import schema

pytestmark = pytest.mark.anyio

INTROSPECTION = [
    get_introspection_query(),
    "{ __schema { queryType { name } } }",
    '{ __type(name: "Me") { name } }',
    "{ ...F } fragment F on Query { __schema { queryType { name } } }",
    "{ ... { ... on Query { __schema { queryType { name } } } } }",
    "query A { me { permissions } } query B { __schema { queryType { name } } }",
    "{ me { permissions } __schema { queryType { name } } }",
]
#: Slips of the pen, each of which graphql-core would correct.
SLIPS: list[tuple[str, dict[str, Any]]] = [
    ("{ mee { permissions } }", {}),
    ("{ me { permisions } }", {}),
    ('{ unit(ids: "x") { id } }', {}),
    ("{ me { consent(purpose: FACE_RECOGNITIONS) { text } } }", {}),
    ("query($x: UUIDs!) { unit(id: $x) { id } }", {"x": "1"}),
    ("{ me { ... on Mee { permissions } } }", {}),
    ("{ me { permissions @skipp(if: true) } }", {}),
    ("query($idd: UUID!) { unit(id: $ids) { id } }", {}),
    ("{ me { ...Viewers } } fragment Viewer on Me { permissions }", {}),
    ('mutation { login(input: {nipp: "1", password: "x"}) { __typename } }', {}),
    ("mutation($i: LoginInput!) { login(input: $i) { __typename } }", {"i": {"nip": "1", "pasword": "x"}}),
    ("query($p: Purpose!) { me { consent(purpose: $p) { text } } }", {"p": "FACE_RECOGNITIONS"}),
]


async def _told(http: httpx.AsyncClient, query: str, headers: dict[str, str], **variables: Any) -> Any:
    body = {"query": query, "variables": variables}
    return (await http.post("/graphql", json=body, headers=headers)).json()


async def test_introspection_is_for_those_who_are_signed_in(
    http: httpx.AsyncClient, bearer: dict[str, str]
) -> None:
    for query in INTROSPECTION:
        asked = {**bearer}
        told = await _told(http, query, asked)
        refused = await _told(http, query, {})
        assert "data" not in refused
        assert refused["errors"][0]["extensions"]["code"] == "SIGN_IN_REQUIRED"
        if "query A" not in query:  # which needs the operation's name
            assert "errors" not in told, told


async def test_a_document_that_somebody_else_has_asked_stays_refused(
    http: httpx.AsyncClient, bearer: dict[str, str]
) -> None:
    query = "{ __schema { mutationType { name } } }"
    assert "data" in await _told(http, query, bearer)
    assert schema.remembered.get(query) is not None
    assert "data" not in await _told(http, query, {})


async def test_strangers_are_not_helped_to_guess(http: httpx.AsyncClient, bearer: dict[str, str]) -> None:
    helped = 0
    for query, variables in SLIPS:
        known = json.dumps(await _told(http, query, bearer, **variables))
        told = await _told(http, query, {}, **variables)
        assert told["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}
        assert "Did you mean" not in json.dumps(told), query
        helped += "Did you mean" in known
    assert helped >= 7  # or else the test shows nothing


async def test_typename_is_no_secret(http: httpx.AsyncClient) -> None:
    assert await _told(http, "{ __typename }", {}) == {"data": {"__typename": "Query"}}
