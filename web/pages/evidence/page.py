from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from web import htmx, session
from web.client import ApiError, decoded, operations
from web.pages.evidence.map import Fix, Place, draw
from web.stream import EventStream
from web.visit import Visit, go, page

ASK = operations(__file__)
TEMPLATE = "evidence/evidence.html"


async def show(visit: Visit) -> Response:
    return await _shown(visit)


async def _shown(visit: Visit, problem: dict[str, Any] | None = None, typed: str = "") -> Response:
    """`typed` was refused with `problem`, and stands in its field again."""
    data = await visit.ask_as_reader(ASK["CheckIn"], id=visit.path("id"))
    found = data["checkIn"]
    if found is None:
        raise HTTPException(404)
    mine = found["employee"]["id"] == data["me"]["employee"]["id"]
    earlier: list[dict[str, Any]] = []
    if not mine:
        answer = await visit.ask(ASK["Earlier"], employeeId=found["employee"]["id"])
        earlier = [edge["node"] for edge in answer["checkIns"]["edges"] if edge["node"]["id"] != found["id"]]
    context = {
        "me": data["me"],
        "found": found,
        "mine": mine,
        "earlier": earlier[:5],
        "map": _map(found),
        "problem": problem,
        "typed": typed,
        "done": visit.query("done"),
    }
    return visit.show(TEMPLATE, context, status=422 if problem else 200)


def _map(found: dict[str, Any]) -> dict[str, Any] | None:
    position = found["evidence"] and found["evidence"]["position"]
    place = position and (position["location"] or found["location"])
    if not position or not place or not position["fixes"]:
        return None
    fixes = [Fix(f["latitude"], f["longitude"], f["accuracyMetres"]) for f in position["fixes"]]
    drawing = draw(Place(place["latitude"], place["longitude"], place["radiusMetres"]), fixes)
    return {"drawing": drawing, "place": place}


async def verdict(visit: Visit) -> Response:
    """What a page asks for now and then when the stream does not reach it."""
    found = (await visit.ask_as_reader(ASK["VerdictOnly"], id=visit.path("id")))["checkIn"]
    if found is None:
        raise HTTPException(404)
    if found["state"] == "PENDING":
        return htmx.nothing()
    return htmx.fragment(
        visit.block(TEMPLATE, "now", {"found": found}), trigger={"settled": {"target": "#verdict"}}
    )


async def events(visit: Visit) -> Response:
    """Ends after the verdict; until then nothing is sent, because the page already says what it waits for."""
    changes = visit.watch(ASK["VerdictChanges"], id=visit.path("id"))
    return EventStream(_until_settled(visit, changes))


async def _until_settled(visit: Visit, changes: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    async for payload in changes:
        try:
            found = decoded(payload)["checkInChanged"]
        except ApiError:
            break
        if found["state"] != "PENDING":
            yield htmx.message(visit.block(TEMPLATE, "now", {"found": found}))
            break
    yield htmx.event("settled")


async def review(visit: Visit) -> Response:
    decision = "CONFIRM" if await visit.field("decision") == "CONFIRM" else "REJECT"
    given = {"id": visit.path("id"), "decision": decision, "reason": await visit.field("reason")}
    answer = (await visit.ask_as_reader(ASK["Review"], input=given))["reviewCheckIn"]
    if answer["__typename"] != "CheckInReviewed":
        return await _shown(visit, answer, given["reason"])
    return go(f"/check-ins/{visit.path('id')}?done=reviewed")


async def contest(visit: Visit) -> Response:
    given = {"id": visit.path("id"), "reason": await visit.field("reason")}
    answer = (await visit.ask_as_reader(ASK["Contest"], input=given))["contestCheckIn"]
    if answer["__typename"] != "CheckInContested":
        return await _shown(visit, answer, given["reason"])
    return go(session.safe_next(await visit.field("next")))


routes = [
    page("GET", "/check-ins/{id:uuid}", show),
    page("GET", "/check-ins/{id:uuid}/verdict", verdict),
    page("GET", "/check-ins/{id:uuid}/events", events),
    page("POST", "/check-ins/{id:uuid}/review", review),
    page("POST", "/check-ins/{id:uuid}/contest", contest),
]
