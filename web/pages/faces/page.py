from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from web.client import operations
from web.htmx import fragment
from web.visit import Visit, go, page

ASK = operations(__file__)


async def show(visit: Visit) -> Response:
    return await _shown(visit)


async def _shown(visit: Visit, problem: dict[str, Any] | None = None) -> Response:
    """Proposed thresholds: the one that waits with its grounds, and what became of those before."""
    data = await visit.ask_as_reader(ASK["Faces"])
    if "faces.calibrate" not in data["me"]["permissions"]:
        raise HTTPException(403)
    found = [edge["node"] for edge in data["calibrations"]["edges"]]
    context = {
        "me": data["me"],
        "waiting": next((each for each in found if each["state"] == "PROPOSED"), None),
        "pack": data["facePack"],
        "stale": data["staleEnrolments"],
        "decided": [each for each in found if each["state"] != "PROPOSED"],
        "problem": problem,
        "done": visit.query("done"),
    }
    return visit.show("faces/faces.html", context, status=422 if problem else 200)


async def stale(visit: Visit) -> Response:
    """The list of those who must enrol again, which the page asks for now and then: it shrinks by itself."""
    data = await visit.ask_as_reader(ASK["StaleNow"], after=visit.query("after") or None)
    if "faces.calibrate" not in data["me"]["permissions"]:
        raise HTTPException(403)
    return fragment(visit.block("faces/faces.html", "stale_list", {"stale": data["staleEnrolments"]}))


async def decide(visit: Visit) -> Response:
    accept = await visit.field("accept", 3) == "yes"
    answer = await visit.ask_as_reader(ASK["Decide"], id=visit.path("id"), accept=accept)
    found = answer["decideCalibration"]
    if found["__typename"] != "CalibrationDecided":
        return await _shown(visit, found)
    return go(f"/faces?done={'accepted' if accept else 'dismissed'}")


routes = [
    page("GET", "/faces", show),
    page("GET", "/faces/stale", stale),
    page("POST", "/faces/{id:uuid}", decide),
]
