"""The API as the pages see it: the committed schema, answered from memory by graphql-core.

It refuses a query that the schema does not know, so that a page's test fails as the page itself would.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from graphql import ExecutionResult, GraphQLError, GraphQLSchema, build_schema, graphql, graphql_sync

ROOT = Path(__file__).resolve().parents[2]

IDS = {
    "agency": "00000000-0000-4000-8000-000000000001",
    "province": "00000000-0000-4000-8000-000000000010",
    "makassar": "00000000-0000-4000-8000-000000000011",
    "jayapura": "00000000-0000-4000-8000-000000000012",
    "siti": "00000000-0000-4000-8000-000000000100",
    "budi": "00000000-0000-4000-8000-000000000101",
    "check_in": "00000000-0000-4000-8000-000000001000",
    "other_check_in": "00000000-0000-4000-8000-000000001001",
    "enrolment": "00000000-0000-4000-8000-000000002000",
    "session": "00000000-0000-4000-8000-000000003000",
    "other_session": "00000000-0000-4000-8000-000000003001",
    "token": "00000000-0000-4000-8000-000000004000",
}
DAY = "2026-11-23"


@cache
def schema() -> GraphQLSchema:
    """Built once a process: a seventh of a second, which hundreds of tests would pay."""
    return build_schema((ROOT / "schema.graphql").read_text("utf-8"))


def unit(name: str, title: str, zone: str, zone_name: str, parent: str | None = None) -> dict[str, Any]:
    return {
        "id": IDS[name],
        "name": title,
        "timeZone": zone,
        "zoneName": zone_name,
        "today": DAY,
        "parentId": IDS[parent] if parent else None,
    }


PROVINCE = unit("province", "Kantor Wilayah Provinsi", "Asia/Jakarta", "WIB")
MAKASSAR = unit("makassar", "Kantor Kota Makassar", "Asia/Makassar", "WITA", "province")
JAYAPURA = unit("jayapura", "Kantor Kota Jayapura", "Asia/Jayapura", "WIT", "province")


def employee(name: str, title: str, at: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": IDS.get(name, name),
        "nip": "198703122010012001",
        "name": title,
        "position": "Analis Kepegawaian",
        "active": True,
        "unit": at,
        "supervisor": None,
        "enrolment": "ACTIVE",
        "objectedAt": None,
        "roles": ["EMPLOYEE"],
        **more,
    }


SITI = employee("siti", "Siti Rahmawati", PROVINCE)
BUDI = employee("budi", "Budi Santoso", MAKASSAR)
OFFICE = {
    "name": "Kantor Wilayah, Jalan Merdeka",
    "kind": "OFFICE",
    "latitude": -6.2,
    "longitude": 106.8,
    "radiusMetres": 100.0,
}


def reason(level: str, message: str, next_step: str | None = None) -> dict[str, Any]:
    return {"code": "X", "level": level, "message": message, "nextStep": next_step}


def check_in(who: dict[str, Any], state: str = "ACCEPTED", **more: Any) -> dict[str, Any]:
    return {
        "id": IDS["check_in"],
        "kind": "IN",
        "state": state,
        "day": DAY,
        "receivedAt": f"{DAY}T00:24:00+00:00",
        "settledAt": None if state == "PENDING" else f"{DAY}T00:24:02+00:00",
        "receipt": None if state == "PENDING" else "K7F2-M9QD",
        "reasons": [],
        "canContest": False,
        "canChallenge": False,
        "supersededBy": None,
        "contestedAt": None,
        "contestReason": None,
        "canReview": False,
        "review": None,
        "method": "FACE",
        "byHand": None,
        "evidence": None,
        "location": OFFICE,
        "employee": who,
        **more,
    }


EVIDENCE = {
    "face": {
        "similarity": 0.71,
        "threshold": 0.47,
        "matched": True,
        "liveness": None,
        "livenessThreshold": 0.8,
        "modelId": "pack-1",
        "livenessModelId": None,
        "resembles": None,
        "resemblesReceivedAt": None,
        "resemblesHidden": False,
        "resemblesFrames": [],
    },
    "position": {
        "result": "UNCERTAIN",
        "distanceMetres": 64.2,
        "accuracyMetres": 85.0,
        "speedKmh": None,
        "location": OFFICE,
        "disturbance": None,
        "fixesGoneAt": None,
        "fixes": [
            {
                "latitude": -6.2004,
                "longitude": 106.8003,
                "accuracyMetres": 85.0,
                "time": f"{DAY}T00:24:00+00:00",
            }
        ],
    },
    "moves": None,
    "frames": [{"url": "/photo/frame", "largeUrl": "/photo/large/frame"}],
    "framesGone": None,
    "template": {"url": "/photo/template", "largeUrl": "/photo/large/template"},
}


def attendance_day(who: dict[str, Any], presence: str = "NOT_IN", **more: Any) -> dict[str, Any]:
    return {
        "id": who["id"],
        "employee": who,
        "day": DAY,
        "presence": presence,
        "inAt": None,
        "outAt": None,
        "lateMinutes": 0,
        "flagged": False,
        "needsReview": False,
        "byHand": False,
        "lastChangeAt": None,
        "checkInId": None,
        **more,
    }


def connection(nodes: list[dict[str, Any]], end: str | None = None) -> dict[str, Any]:
    return {
        "edges": [{"cursor": str(number), "node": node} for number, node in enumerate(nodes)],
        "pageInfo": {
            "hasNextPage": end is not None,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": end,
        },
        "totalCount": len(nodes),
    }


def counts(**more: int) -> dict[str, int]:
    names = ("total", "in", "out", "notIn", "late", "pending", "flagged", "needsReview", "byHand")
    return {**dict.fromkeys(names, 0), **more}


def me(who: dict[str, Any] = SITI, **more: Any) -> dict[str, Any]:
    return {
        "employee": who,
        "agency": {"id": IDS["agency"], "name": "Kementerian Contoh", "shortName": "Kemencon"},
        "roles": [{"role": "EMPLOYEE", "unit": None}],
        "permissions": [],
        "watchableUnits": [],
        "today": attendance_day(who),
        "recentCheckIns": [],
        "desk": None,
        "deskContacts": [],
        "duty": [{"id": IDS["agency"], "validFrom": DAY, "validUntil": None, "location": OFFICE}],
        "consent": {
            "purpose": "FACE_RECOGNITION",
            "text": "Teks.",
            "version": "1",
            "current": True,
            "givenAt": f"{DAY}T00:00:00+00:00",
        },
        "enrolment": None,
        "erasures": [],
        "sessions": [],
        "apiTokens": [],
        **more,
    }


SUPERVISOR_RIGHTS = [
    "attendance.evidence",
    "attendance.photographs",
    "attendance.review",
    "attendance.watch",
    "presence.record",
]


def supervisor(**more: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "permissions": SUPERVISOR_RIGHTS,
        "watchableUnits": [PROVINCE, MAKASSAR, JAYAPURA],
        "desk": {"units": [PROVINCE], "needsPhotograph": True},
    }
    return me(**{**given, **more})


@dataclass
class FakeApi:
    """`data` answers the fields of Query, Mutation and Subscription by name: a value, or a function of the
    field's arguments. A GraphQLError in its place is raised. What was asked is kept in `asked`."""

    data: dict[str, Any] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    schema: GraphQLSchema = field(default_factory=schema)
    streams: dict[str, AsyncIterator[bytes]] = field(default_factory=dict)

    async def execute(self, query: str, variables: dict[str, object], **caller: Any) -> dict[str, Any]:
        self.asked.append({"query": query, "variables": variables, **caller})
        result = await graphql(self.schema, query, root_value=self._root(), variable_values=variables)
        return encoded(result)

    def subscribe(self, query: str, variables: dict[str, object], **caller: Any) -> AsyncIterator[bytes]:
        self.asked.append({"query": query, "variables": variables, **caller})
        return next(stream for name, stream in self.streams.items() if name in query)

    def event(self, query: str, variables: dict[str, object], root: dict[str, Any]) -> bytes:
        """The bytes that a subscription to `query` would yield for `root`."""
        selection = query.replace("subscription ", "query ", 1)
        types = {**self.schema.to_kwargs(), "query": self.schema.subscription_type, "subscription": None}
        result = graphql_sync(GraphQLSchema(**types), selection, root, variable_values=variables)
        return orjson.dumps(encoded(result))

    def _root(self) -> dict[str, Callable[..., Any]]:
        return {name: _resolver(value) for name, value in self.data.items()}


def _resolver(value: Any) -> Callable[..., Any]:
    def resolve(_info: Any, **arguments: Any) -> Any:
        if isinstance(value, GraphQLError):
            raise value
        return value(**arguments) if callable(value) else value

    return resolve


def encoded(result: ExecutionResult) -> dict[str, Any]:
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [error.formatted for error in result.errors]
    return answer


def refused(code: str) -> GraphQLError:
    return GraphQLError(f"said {code}", extensions={"code": code})


def problem(name: str, **more: Any) -> dict[str, Any]:
    return {"__typename": name, "code": name.upper(), "message": f"{name}!", "nextStep": "Then this.", **more}
