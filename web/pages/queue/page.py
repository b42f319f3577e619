from starlette.exceptions import HTTPException
from starlette.responses import Response

from web.client import operations
from web.visit import Visit, page

ASK = operations(__file__)
STATES = ("REVIEW", "FLAGGED", "REFUSED")


async def show(visit: Visit) -> Response:
    """Check-ins that wait for a person, newest first: those in review, and whatever was contested."""
    asked = visit.query("state")
    state = asked if asked in STATES else STATES[0]
    waiting = state == STATES[0]
    wanted = {"state": None if waiting else state, "waiting": waiting}
    data = await visit.ask_as_reader(ASK["Queue"], **wanted, after=visit.query("after") or None)
    if "attendance.review" not in data["me"]["permissions"]:
        raise HTTPException(403)
    found = data["checkIns"]
    context = {
        "me": data["me"],
        "state": state,
        "total": found["totalCount"],
        "check_ins": [edge["node"] for edge in found["edges"]],
        "after": found["pageInfo"]["endCursor"] if found["pageInfo"]["hasNextPage"] else None,
    }
    return visit.show("queue/queue.html", context)


routes = [page("GET", "/check-ins", show)]
