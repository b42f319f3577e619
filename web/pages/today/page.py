from datetime import UTC, datetime

from starlette.responses import Response

from web.client import operations
from web.language import greeting
from web.visit import Visit, page

ASK = operations(__file__)


async def show(visit: Visit) -> Response:
    me = (await visit.ask_as_reader(ASK["Today"]))["me"]
    unit = me["employee"]["unit"]
    context = {
        "me": me,
        "unit": unit,
        "greeting": greeting(datetime.now(UTC), unit["timeZone"]),
        "todays": [found for found in me["recentCheckIns"] if found["day"] == unit["today"]],
        "earlier": [found for found in me["recentCheckIns"] if found["day"] != unit["today"]],
        "next_kind": "OUT" if me["today"]["presence"] in ("IN", "PENDING") else "IN",
        "contested": visit.query("done") == "contested",
    }
    return visit.show("today/today.html", context)


routes = [page("GET", "/today", show)]
