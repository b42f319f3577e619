from typing import Any
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from web.client import operations
from web.device import browser_kind, in_app, open_in_chrome
from web.visit import Visit, go, page

ASK = operations(__file__)
VERDICT = "evidence/evidence.html"
_KINDS = ("IN", "OUT")
#: Where a problem is better solved than by trying again.
_ELSEWHERE = {"NOT_ENROLLED": "/enrol", "CONSENT_MISSING": "/enrol"}


async def show(visit: Visit) -> Response:
    me = (await visit.ask_as_reader(ASK["CheckInPage"]))["me"]
    if me["employee"]["enrolment"] not in ("ACTIVE", "AWAITING"):
        return go("/enrol")
    asked = visit.query("kind")
    kind = asked if asked in _KINDS else "OUT" if me["today"]["presence"] == "IN" else "IN"
    context = {"me": me, "kind": kind, "unit": me["employee"]["unit"], "after": _id(visit.query("after"))}
    context["surroundings"] = surroundings(visit, "/check-in")
    return visit.show("check_in/check_in.html", context)


def surroundings(visit: Visit, path: str) -> dict[str, Any]:
    """The kind of browser, whether it is inside another app, and an address that leads out of that app."""
    agent = visit.caller.user_agent
    inside = in_app(agent)
    way_out = open_in_chrome(visit.kit.options.base_url + path, agent) if inside else None
    return {"browser": browser_kind(agent), "inside_app": inside, "way_out": way_out}


def refusal(problem: dict[str, Any]) -> JSONResponse:
    """A problem for the page's script, which shows the sentences and `href`, and knows no texts itself."""
    said = {key: problem[key] for key in ("code", "message", "nextStep")}
    return JSONResponse({"problem": said, "href": _ELSEWHERE.get(problem["code"])}, status_code=422)


async def start(visit: Visit) -> Response:
    body = await visit.json()
    if body.get("kind") not in _KINDS:
        raise HTTPException(400)
    wish = {"kind": body["kind"], "frames": 1, "deviceId": str(body.get("deviceId") or "")}
    if body.get("after"):
        wish["after"] = _id(str(body["after"]))
    answer = (await visit.ask_as_reader(ASK["Start"], input=wish))["startCheckIn"]
    return JSONResponse(answer) if answer["__typename"] == "CheckInStart" else refusal(answer)


def _id(text: str) -> str | None:
    """An identifier as it is written, or None."""
    try:
        return str(UUID(text))
    except ValueError:
        return None


async def submit(visit: Visit) -> Response:
    """The page's own JSON is the API's input, which the API checks. The answer is the verdict as a fragment,
    which goes on by itself; the same body sent again gets the same record."""
    answer = (await visit.ask_as_reader(ASK["Submit"], input=await visit.json()))["checkIn"]
    if answer["__typename"] != "CheckInAccepted":
        return refusal(answer)
    found = answer["checkIn"]
    return JSONResponse(
        {
            "id": found["id"],
            "html": visit.block(VERDICT, "verdict", {"found": found}),
            "href": f"/check-ins/{found['id']}",
        }
    )


routes = [
    page("GET", "/check-in", show),
    page("POST", "/check-in/start", start),
    page("POST", "/check-in/submit", submit),
]
