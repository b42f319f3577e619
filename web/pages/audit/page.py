import re
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.responses import Response

from web.client import operations
from web.visit import Visit, page

ASK = operations(__file__)
ACTION = re.compile(r"[a-z_.]{1,64}")
#: A check-in named in an entry: who audits may go on to it.
CHECK_IN = re.compile(r"(?:frames/|templates/)?([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:/\d+)?")


async def show(visit: Visit) -> Response:
    """The trail, narrowed to one person (who did it, or whose data it was), one kind, or some days."""
    wanted = _wanted(visit)
    variables = {name: value or None for name, value in wanted.items() if name != "who"}
    data = await visit.ask_as_reader(ASK["Trail"], **variables, after=visit.request.query_params.get("after"))
    if "audit.read" not in data["me"]["permissions"]:
        raise HTTPException(403)
    found = data["auditTrail"]
    people = (await visit.ask(ASK["Who"], search=wanted["who"]))["employees"] if wanted["who"] else None
    kept = {name: value for name, value in wanted.items() if value and name != "who"}
    more = {**kept, "after": found["pageInfo"]["endCursor"] or ""}
    context = {
        "me": data["me"],
        "zone": data["me"]["employee"]["unit"],
        "wanted": wanted,
        "kept": urlencode({name: value for name, value in kept.items() if name not in ("by", "of")}),
        "total": found["totalCount"],
        "entries": [{**edge["node"], "check_in": _check_in(edge["node"])} for edge in found["edges"]],
        "people": [edge["node"] for edge in people["edges"]] if people else None,
        "chosen": await _chosen(visit, wanted["by"] or wanted["of"]),
        "more_address": f"/audit?{urlencode(more)}" if found["pageInfo"]["hasNextPage"] else None,
    }
    return visit.show("audit/audit.html", context)


def _wanted(visit: Visit) -> dict[str, str]:
    """What cannot be meant is left out."""
    action = visit.query("action")
    return {
        "by": _uuid(visit.query("by")),
        "of": _uuid(visit.query("of")),
        "action": action if ACTION.fullmatch(action) else "",
        "from": _day(visit.query("from")),
        "until": _day(visit.query("until")),
        "who": visit.query("who"),
    }


async def _chosen(visit: Visit, person: str) -> dict[str, Any] | None:
    return (await visit.ask(ASK["Named"], id=person))["employee"] if person else None


def _check_in(entry: dict[str, Any]) -> str | None:
    named = CHECK_IN.fullmatch(entry["object"] or "")
    return named[1] if named else None


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        return ""


def _day(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        return ""


routes = [page("GET", "/audit", show)]
