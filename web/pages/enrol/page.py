from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from web import htmx
from web.client import ApiError, decoded, operations
from web.pages.check_in.page import refusal, surroundings
from web.stream import EventStream
from web.visit import Visit, go, page

ASK = operations(__file__)
TEMPLATE = "enrol/enrol.html"
MOST_PHOTOS = 5


async def show(visit: Visit) -> Response:
    return await _shown(visit, None, 200)


async def _shown(visit: Visit, problem: dict[str, Any] | None, status: int) -> Response:
    me = (await visit.ask_as_reader(ASK["EnrolPage"]))["me"]
    again = visit.query("again") == "1"
    state = me["enrolment"]["state"] if me["enrolment"] else "NONE"
    registered = state == "AWAITING" or me["employee"]["enrolment"] == "ACTIVE"
    context = {
        "me": me,
        "consent": me["consent"],
        "found": me["enrolment"],
        "problem": problem,
        "shows_camera": state != "PENDING" and (again or not registered),
        "surroundings": surroundings(visit, "/enrol"),
    }
    return visit.show(TEMPLATE, context, status=status)


async def consent(visit: Visit) -> Response:
    answer = (await visit.ask_as_reader(ASK["Consent"], version=await visit.field("version")))["giveConsent"]
    if answer["__typename"] != "ConsentRecorded":
        return await _shown(visit, answer, 422)
    return go("/enrol")


async def objection(visit: Visit) -> Response:
    await visit.ask_as_reader(ASK["Object"])
    return go("/enrol")


async def end_objection(visit: Visit) -> Response:
    await visit.ask_as_reader(ASK["TakeBack"])
    return go("/enrol")


async def start(visit: Visit) -> Response:
    photos = (await visit.json()).get("photos")
    if not isinstance(photos, int) or not 1 <= photos <= MOST_PHOTOS:
        raise HTTPException(400)
    answer = (await visit.ask_as_reader(ASK["Start"], photos=photos))["startEnrolment"]
    return JSONResponse(answer) if answer["__typename"] == "EnrolmentStart" else refusal(answer)


async def submit(visit: Visit) -> Response:
    uploads = (await visit.json()).get("uploads")
    if not isinstance(uploads, list):
        raise HTTPException(400)
    answer = (await visit.ask_as_reader(ASK["Enrol"], input={"uploads": uploads}))["enrolFace"]
    if answer["__typename"] != "EnrolmentAccepted":
        return refusal(answer)
    return JSONResponse({"html": visit.block(TEMPLATE, "progress", {"found": answer["enrolment"]})})


async def progressed(visit: Visit) -> Response:
    """What a page asks for now and then when the stream does not reach it."""
    found = (await visit.ask_as_reader(ASK["Progressed"], id=visit.path("id")))["enrolment"]
    if found is None:
        raise HTTPException(404)
    if found["state"] == "PENDING":
        return htmx.nothing()
    return htmx.fragment(
        visit.block(TEMPLATE, "now", {"found": found}), trigger={"settled": {"target": "#enrolment"}}
    )


async def events(visit: Visit) -> Response:
    """Each photograph's verdict as it comes; ends when all have theirs."""
    changes = visit.watch(ASK["ProgressChanges"], id=visit.path("id"))
    return EventStream(_until_settled(visit, changes))


async def _until_settled(visit: Visit, changes: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    async for payload in changes:
        try:
            found = decoded(payload)["enrolmentChanged"]
        except ApiError:
            break
        yield htmx.message(visit.block(TEMPLATE, "now", {"found": found}))
        if found["state"] != "PENDING":
            break
    yield htmx.event("settled")


routes = [
    page("GET", "/enrol", show),
    page("POST", "/enrol/consent", consent),
    page("POST", "/enrol/objection", objection),
    page("POST", "/enrol/objection/end", end_objection),
    page("POST", "/enrol/start", start),
    page("POST", "/enrol/submit", submit),
    page("GET", "/enrol/{id:uuid}/now", progressed),
    page("GET", "/enrol/{id:uuid}/events", events),
]
