"""The floor: the same answers by a bare Starlette program with asyncpg, doing only what cannot be left out.

It runs the product's own two statements of an accept, so that the database does the same work for both, and
seals the photograph as the product must. What it lacks is the product: a schema, validation, policy, problems
in words, live signals, metrics, and any care for what may go wrong.
"""

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import uuid_utils.compat
import uvicorn
import uvloop
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from api.accounts.access import BY_DIGEST
from api.attendance.service.accept import ACCEPT

#: What `bench.queries` asks of `employees`, as one statement.
EMPLOYEES = """
SELECT e.id::text, e.nip, e.name, e.position, e.active, u.id::text AS unit_id, u.code, u.name AS unit_name,
       u.time_zone, u.parent_id::text
  FROM employee e JOIN unit u ON u.id = e.unit_id
 WHERE e.agency_id = $1 AND e.active AND u.path LIKE $2
 ORDER BY e.name, e.id LIMIT $3
"""
JSON = "application/json"


class Floor:
    """State of the one process: a pool, a folder and a key."""

    def __init__(self, database_url: str, folder: Path) -> None:
        self.database_url = database_url
        self.folder = folder
        self.box = AESGCM(os.urandom(32))
        self.pool: asyncpg.Pool

    @asynccontextmanager
    async def running(self, _: Starlette) -> AsyncIterator[None]:
        pool = asyncpg.create_pool(self.database_url, min_size=1, max_size=10, reset=_leave)
        async with pool as self.pool:
            yield

    async def upload(self, request: Request) -> Response:
        path = self.folder / request.path_params["key"]
        body = await request.body()
        nonce = os.urandom(12)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:
            file.write(nonce + self.box.encrypt(nonce, body, None))
        return Response(status_code=204)

    async def accept(self, request: Request) -> Response:
        sent = orjson.loads(await request.body())["variables"]["input"]
        now = datetime.now(UTC)
        async with self.pool.acquire() as connection:
            who = await self._who(request, connection, now)
            for key in sent["frames"]:
                os.stat(self.folder / key)
            values = _values(who, sent, now)
            found = await connection.fetch(ACCEPT, *values)
        told = {
            "id": str(values[3]),
            "kind": found[0]["kind"],
            "state": "PENDING",
            "receivedAt": now.isoformat(),
        }
        answer = {"data": {"checkIn": {"__typename": "CheckInAccepted", "repeated": False, "checkIn": told}}}
        return Response(orjson.dumps(answer), media_type=JSON)

    async def employees(self, request: Request) -> Response:
        first = orjson.loads(await request.body())["variables"]["first"]
        async with self.pool.acquire() as connection:
            who = await self._who(request, connection, datetime.now(UTC))
            path = orjson.loads(who["grants"])[0][1]
            found = await connection.fetch(EMPLOYEES, who["agency_id"], f"{path}%", first)
        edges = [{"node": _employee(each)} for each in found]
        return Response(orjson.dumps({"data": {"employees": {"edges": edges}}}), media_type=JSON)

    async def _who(self, request: Request, connection: asyncpg.Connection, now: datetime) -> asyncpg.Record:
        token = request.headers["authorization"].removeprefix("Bearer ")
        return (await connection.fetch(BY_DIGEST, hashlib.sha256(token.encode()).digest(), now))[0]


def _values(who: asyncpg.Record, sent: dict[str, Any], now: datetime) -> tuple[object, ...]:
    """Parameters of ACCEPT."""
    last = sent["fixes"][-1]
    return (
        hashlib.sha256(sent["nonce"].encode()).digest(),
        who["employee_id"],
        now,
        uuid_utils.compat.uuid7(),
        who["agency_id"],
        who["unit_id"],
        now.date(),
        sent["idempotencyKey"],
        hashlib.sha256(orjson.dumps(sent)).digest(),
        orjson.dumps(sent["frames"]).decode(),
        orjson.dumps(sent["fixes"]).decode(),
        last["latitude"],
        last["longitude"],
        sent["deviceId"],
        "PHONE",
        None,
        uuid_utils.compat.uuid7(),
        len(sent["frames"]),
        "[]",
        now,
    )


def _employee(row: asyncpg.Record) -> dict[str, object]:
    unit = {"id": row["unit_id"], "code": row["code"], "name": row["unit_name"], "timeZone": row["time_zone"]}
    return {
        "id": row["id"],
        "nip": row["nip"],
        "name": row["name"],
        "position": row["position"],
        "active": row["active"],
        "unit": {**unit, "parentId": row["parent_id"]},
    }


async def _leave(_: asyncpg.Connection) -> None:
    """Nothing was set that would have to be set back, which otherwise is a round trip a request."""


async def alive(_: Request) -> Response:
    return PlainTextResponse("ok")


def create_app(database_url: str, folder: Path) -> Starlette:
    floor = Floor(database_url, folder)
    routes = [
        Route("/healthz", alive),
        Route("/uploads/{key:path}", floor.upload, methods=["PUT"]),
        Route("/check-in", floor.accept, methods=["POST"]),
        Route("/employees", floor.employees, methods=["POST"]),
    ]
    return Starlette(routes=routes, lifespan=floor.running)


def main() -> None:
    """Served as `hadir web` serves: one process, uvloop, httptools, no access log."""
    app = create_app(os.environ["DATABASE_URL"], Path(os.environ["HADIR_DATA_DIR"]) / "floor")
    config = uvicorn.Config(
        app,
        port=int(os.environ["HADIR_PORT"]),
        http="httptools",
        access_log=False,
        server_header=False,
        date_header=False,
        log_level="warning",
    )
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(uvicorn.Server(config).serve())


if __name__ == "__main__":
    main()
