from typing import Any
from uuid import uuid4

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from web.client import operations
from web.pages.check_in.page import refusal, surroundings
from web.visit import Visit, go, page

ASK = operations(__file__)
KINDS = ("IN", "OUT")


async def show(visit: Visit) -> Response:
    """Finding somebody, and what was recorded by hand lately."""
    data = await visit.ask_as_reader(ASK["Desk"])
    desk, search = data["me"]["desk"], visit.query("search")
    if desk is None:
        raise HTTPException(403)
    units = desk["units"]
    unit = next((known for known in units if known["id"] == visit.query("unit")), units[0])
    found = (await visit.ask(ASK["Find"], unit=unit["id"], search=search))["employees"] if search else None
    context = {
        "me": data["me"],
        "units": units,
        "unit": unit,
        "search": search,
        "people": [edge["node"] for edge in found["edges"]] if found else None,
        "more": bool(found and found["pageInfo"]["hasNextPage"]),
        "records": [edge["node"] for edge in data["checkIns"]["edges"]],
        "done": visit.query("done") == "1",
    }
    return visit.show("desk/desk.html", context)


async def person(visit: Visit) -> Response:
    return await _form(visit, {"key": uuid4().hex}, None, 200)


async def _form(visit: Visit, given: dict[str, str], problem: dict[str, Any] | None, status: int) -> Response:
    """What was given already is not typed or taken again."""
    data = await visit.ask_as_reader(ASK["Person"], id=visit.path("id"))
    found, day = data["employee"], data["attendanceDay"]
    if data["me"]["desk"] is None:
        raise HTTPException(403)
    if found is None or day is None or found["id"] == data["me"]["employee"]["id"]:
        raise HTTPException(404)
    given.setdefault("kind", "OUT" if day["presence"] == "IN" else "IN")
    context = {
        "me": data["me"],
        "person": found,
        "day": day,
        "given": {"why": "", "details": "", "photograph": "", **given},
        "problem": problem,
        "surroundings": surroundings(visit, f"/desk/{found['id']}"),
    }
    return visit.show("desk/record.html", context, status=status)


async def photograph(visit: Visit) -> Response:
    answer = (await visit.ask_as_reader(ASK["Photograph"], id=visit.path("id")))["startHandRecord"]
    return JSONResponse(answer) if answer["__typename"] == "HandRecordStart" else refusal(answer)


async def record(visit: Visit) -> Response:
    """The form carries the key of its photograph; sent twice, it makes one record."""
    given = {name: await visit.field(name, 500) for name in ("kind", "why", "details", "photograph", "key")}
    if given["kind"] not in KINDS:
        raise HTTPException(400)
    sent = {
        "employeeId": visit.path("id"),
        "kind": given["kind"],
        "reason": ": ".join(part for part in (given["why"], given["details"]) if part),
        "photograph": given["photograph"] or None,
        "idempotencyKey": given["key"],
    }
    answer = (await visit.ask_as_reader(ASK["Record"], input=sent))["recordPresence"]
    if answer["__typename"] != "PresenceRecorded":
        return await _form(visit, given, answer, 422)
    return go("/desk?done=1")


routes = [
    page("GET", "/desk", show),
    page("GET", "/desk/{id:uuid}", person),
    page("POST", "/desk/{id:uuid}", record),
    page("POST", "/desk/{id:uuid}/photograph", photograph),
]
