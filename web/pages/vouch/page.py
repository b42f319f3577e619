from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from web.client import operations
from web.visit import Visit, go, page

ASK = operations(__file__)
TEMPLATE = "vouch/vouch.html"


async def show(visit: Visit) -> Response:
    """Registrations that wait for a person's word, longest waiting first."""
    return await _shown(visit)


async def _shown(visit: Visit, refused: dict[str, Any] | None = None) -> Response:
    """`refused`: the problem with what was sent, its `id`, and the reason that was `typed`."""
    data = await visit.ask_as_reader(ASK["Awaiting"], after=visit.query("after") or None)
    if "enrolment.vouch" not in data["me"]["permissions"]:
        raise HTTPException(403)
    found = data["enrolments"]
    context = {
        "me": data["me"],
        "waiting": [edge["node"] for edge in found["edges"]],
        "after": found["pageInfo"]["endCursor"] if found["pageInfo"]["hasNextPage"] else None,
        "done": visit.query("done"),
        "refused": refused,
    }
    return visit.show(TEMPLATE, context, status=422 if refused else 200)


async def vouch(visit: Visit) -> Response:
    decision = "CONFIRM" if await visit.field("decision") == "CONFIRM" else "REFUSE"
    given = {"id": visit.path("id"), "decision": decision, "reason": await visit.field("reason")}
    answer = (await visit.ask_as_reader(ASK["Vouch"], input=given))["vouchEnrolment"]
    if answer["__typename"] != "EnrolmentVouched":
        return await _shown(visit, {"problem": answer, "id": given["id"], "typed": given["reason"]})
    return go(f"/enrolments?done={decision.lower()}")


routes = [
    page("GET", "/enrolments", show),
    page("POST", "/enrolments/{id:uuid}", vouch),
]
