"""POST with JSON and a bearer token, and nothing else."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from api.core.runtime import Runtime
from api.limits import MOST_BODY_BYTES
from local.postgres import Postgres
from tests.world import World

pytestmark = pytest.mark.anyio

ME = "{ me { employee { name } } }"
LOGOUT = "mutation { logout }"


async def _ask(
    http: httpx.AsyncClient, query: str, headers: dict[str, str] | None = None, **more: Any
) -> Any:
    answer = await http.post("/graphql", json={"query": query, **more}, headers=headers)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


def _code(answer: httpx.Response) -> str:
    code: str = answer.json()["errors"][0]["extensions"]["code"]
    return code


async def test_a_bearer_token_says_who_asks(
    http: httpx.AsyncClient, bearer: dict[str, str], world: World
) -> None:
    answer = await _ask(http, ME, bearer)
    assert answer == {"data": {"me": {"employee": {"name": world["supervisor"].name}}}}


NO_TOKENS = ["", "Bearer", "Bearer unknown", "Basic {}", "{}", "Bearer {}x"]


async def test_anything_else_is_a_stranger(http: httpx.AsyncClient, world: World) -> None:
    for authorization in NO_TOKENS:
        headers = {"authorization": authorization.format(world["supervisor"].token)}
        assert await _ask(http, ME, headers) == {"data": {"me": None}}


async def test_a_cookie_is_no_credential(http: httpx.AsyncClient, world: World) -> None:
    token = world["supervisor"].token
    cookies = "; ".join(f"{name}={token}" for name in ("session", "hadir_session", "__Host-session", "token"))
    assert await _ask(http, ME, {"cookie": cookies}) == {"data": {"me": None}}


async def test_variables_and_the_operations_name_are_taken(
    http: httpx.AsyncClient, bearer: dict[str, str], world: World
) -> None:
    query = "query One { me { permissions } } query Two($id: UUID!) { unit(id: $id) { id } }"
    unit = str(world.units["office"])
    answer = await _ask(http, query, bearer, variables={"id": unit}, operationName="Two")
    assert answer == {"data": {"unit": {"id": unit}}}
    for name in (None, "Three"):
        answer = await _ask(http, query, bearer, operationName=name)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


LANGUAGES = ["en", "en-GB,en;q=0.9", "id", "", "de", "x" * 5000]


async def test_the_readers_language_is_answered_in(http: httpx.AsyncClient) -> None:
    for language in LANGUAGES:
        answer = await _ask(http, LOGOUT, {"accept-language": language})
        english = answer["errors"][0]["message"].startswith("You are not signed in")
        assert english is language.startswith("en")


METHODS = ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"]


async def test_only_post_is_taken(http: httpx.AsyncClient, bearer: dict[str, str]) -> None:
    for method in METHODS:
        answer = await http.request(method, "/graphql", params={"query": LOGOUT}, headers=bearer)
        assert answer.status_code == 405
        assert answer.headers["allow"] == "POST"
        assert (await _ask(http, ME, bearer))["data"]["me"] is not None


FORMS: list[dict[str, Any]] = [
    {"data": {"query": LOGOUT}},
    {"data": {"operations": json.dumps({"query": LOGOUT}), "map": "{}"}, "files": {"0": b"x"}},
    {"content": json.dumps({"query": LOGOUT}), "headers": {"content-type": "text/plain"}},
    {"content": json.dumps({"query": LOGOUT}), "headers": {"content-type": "application/graphql"}},
    {"content": json.dumps({"query": LOGOUT})},
]


async def test_what_a_form_can_send_is_not_taken(http: httpx.AsyncClient, bearer: dict[str, str]) -> None:
    for sent in FORMS:
        answer = await http.post("/graphql", **{**sent, "headers": {**bearer, **sent.get("headers", {})}})
        assert answer.status_code == 415
        assert _code(answer) == "UNSUPPORTED_MEDIA_TYPE"
        assert (await _ask(http, ME, bearer))["data"]["me"] is not None


NO_REQUESTS = [
    b"",
    b"{",
    b"null",
    b'"query"',
    b'[{"query":"{ me { permissions } }"}]',
    b"{}",
    b'{"query":1}',
    b'{"query":null}',
    b'{"query":"{ me { permissions } }","variables":[]}',
    b'{"query":"{ me { permissions } }","variables":"{}"}',
    b'{"query":"{ me { permissions } }","operationName":1}',
    b"\xff\xfe",
    b"[" * 60_000,
    b'{"query":' * 5_000,
]


async def test_what_is_no_request_is_refused(http: httpx.AsyncClient) -> None:
    for body in NO_REQUESTS:
        answer = await http.post("/graphql", content=body, headers={"content-type": "application/json"})
        assert answer.status_code == 400
        assert _code(answer) == "BAD_REQUEST"


async def test_a_body_that_says_it_is_too_large_is_not_read(port: int) -> None:
    status, body = await _raw(port, f"Content-Length: {200_000_000}", b"")
    assert status == 413
    assert body["errors"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"


async def test_a_body_that_is_too_large_is_not_read_to_its_end(port: int) -> None:
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    status, body = await _raw(port, "Transfer-Encoding: chunked", chunk * 2)
    assert status == 413
    told = body["errors"][0]["message"].replace(".", "")  # thousands, as Indonesian groups them
    assert str(MOST_BODY_BYTES) in told


async def test_the_largest_body_is_taken(http: httpx.AsyncClient) -> None:
    content = json.dumps({"query": "{ me { permissions } }"})
    content += " " * (MOST_BODY_BYTES - len(content))
    answer = await http.post("/graphql", content=content, headers={"content-type": "application/json"})
    assert answer.status_code == 200


async def test_who_goes_away_in_the_middle_breaks_nothing(port: int, http: httpx.AsyncClient) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    writer.write(head.encode())
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert await _ask(http, ME) == {"data": {"me": None}}


@pytest.mark.parametrize("signed_in", [True, False])
async def test_without_a_database_the_answer_says_when_to_come_back(
    http: httpx.AsyncClient, bearer: dict[str, str], postgres: Postgres, signed_in: bool
) -> None:
    query, headers = (ME, bearer) if signed_in else (
        'mutation { login(input: {nip: "198501012010011001", password: "x"}) { __typename } }',
        {},
    )  # fmt: skip
    assert (await http.post("/graphql", json={"query": query}, headers=headers)).status_code == 200
    postgres.stop()
    answer = await http.post("/graphql", json={"query": query}, headers=headers)
    postgres.start()
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"] == "2"
    assert _code(answer) == "UNAVAILABLE"
    for _ in range(100):
        if (await http.post("/graphql", json={"query": query}, headers=headers)).status_code == 200:
            break
        await asyncio.sleep(0.1)
    else:
        pytest.fail("did not come back")


async def test_a_subscription_needs_a_stream(
    http: httpx.AsyncClient, bearer: dict[str, str], world: World
) -> None:
    query = "subscription($id: UUID!) { attendanceChanged(unitId: $id) { resync } }"
    answer = await _ask(http, query, bearer, variables={"id": str(world.units["office"])})
    assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert "data" not in answer


async def test_a_surprise_is_told_by_its_reference_alone(
    http: httpx.AsyncClient, bearer: dict[str, str], runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.people import access

    async def fails(*_: object) -> None:
        raise ZeroDivisionError("a secret")

    monkeypatch.setattr(access, "agency", fails)
    answer = await _ask(http, "{ me { agency { name } } }", bearer)
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["reference"] in error["extensions"]["nextStep"]
    assert "secret" not in json.dumps(answer)


async def _raw(port: int, header: str, body: bytes) -> tuple[int, Any]:
    """Status and JSON of an answer that comes before the request is whole."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{header}\r\n\r\n"
    writer.write(head.encode() + body)
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    told, _, content = answer.partition(b"\r\n\r\n")
    assert b"connection: close" in told.lower()
    return int(told.split()[1]), json.loads(content)
