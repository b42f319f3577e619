from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from web.client import operations
from web.visit import Visit, page

ASK = operations(__file__)


async def show(visit: Visit) -> Response:
    search, after = visit.query("search"), visit.request.query_params.get("after")
    data = await visit.ask_as_reader(ASK["People"], search=search or None, after=after or None)
    _check(data["me"])
    found = data["employees"]
    context = {
        "me": data["me"],
        "search": search,
        "total": found["totalCount"],
        "people": [edge["node"] for edge in found["edges"]],
        "after": found["pageInfo"]["endCursor"] if found["pageInfo"]["hasNextPage"] else None,
    }
    return visit.show("people/people.html", context)


async def person(visit: Visit) -> Response:
    return await _shown(visit, None)


async def _shown(visit: Visit, answer: dict[str, Any] | None) -> Response:
    data = await visit.ask_as_reader(ASK["Person"], id=visit.path("id"))
    _check(data["me"])
    if data["employee"] is None:
        raise HTTPException(404)
    given = answer if answer and answer["__typename"] == "PasswordReset" else None
    context = {
        "me": data["me"],
        "person": data["employee"],
        "mine": data["employee"]["id"] == data["me"]["employee"]["id"],
        "given": given,
        "problem": None if given else answer,
    }
    return visit.show("people/person.html", context, status=422 if answer and not given else 200)


async def reset(visit: Visit) -> Response:
    """The password is shown on the answer itself, this once: it is kept nowhere that a later page could read."""
    answer = (await visit.ask_as_reader(ASK["Reset"], id=visit.path("id")))["resetPassword"]
    return await _shown(visit, answer)


def _check(me: dict[str, Any]) -> None:
    if "accounts.manage" not in me["permissions"]:
        raise HTTPException(403)


routes = [
    page("GET", "/people", show),
    page("GET", "/people/{id:uuid}", person),
    page("POST", "/people/{id:uuid}/password", reset),
]
