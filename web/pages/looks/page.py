from starlette.responses import Response

from web.client import operations
from web.visit import Visit, page

ASK = operations(__file__)


async def show(visit: Visit) -> Response:
    """Who else looked at the reader's own data, newest first."""
    data = await visit.ask_as_reader(ASK["Looks"], after=visit.query("after") or None)
    found = data["looks"]
    context = {
        "me": data["me"],
        "total": found["totalCount"],
        "looks": [edge["node"] for edge in found["edges"]],
        "after": found["pageInfo"]["endCursor"] if found["pageInfo"]["hasNextPage"] else None,
    }
    return visit.show("looks/looks.html", context)


routes = [page("GET", "/account/looks", show)]
