from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from functools import lru_cache
from typing import Any

from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.responses import Response

from web import htmx
from web.client import NotAllowed, NotFound, SignInRequired, decoded, operations
from web.render import Pages
from web.stream import EventStream
from web.visit import Visit, go, page

ASK = operations(__file__)
TEMPLATE = "live/live.html"
CHANGE = "live/change.html"
UNITS = "live/units.html"
FILTERS = ("NOT_IN", "PENDING", "IN", "OUT", "LATE", "FLAGGED", "NEEDS_REVIEW", "BY_HAND")


async def start(visit: Visit) -> Response:
    """The wall of the highest unit one may watch."""
    tops = (await visit.ask_as_reader(ASK["Start"]))["me"]["watchableUnits"]
    if not tops:
        raise HTTPException(403)
    return go(f"/live/{tops[0]['id']}")


def _wanted(visit: Visit) -> dict[str, str | None]:
    chosen = visit.query("filter")
    return {"search": visit.query("search") or None, "filter": chosen if chosen in FILTERS else None}


async def show(visit: Visit) -> Response:
    wanted = _wanted(visit)
    data = await visit.ask_as_reader(ASK["Wall"], unit=visit.path("unit"), **wanted)
    if "attendance.watch" not in data["me"]["permissions"]:
        raise HTTPException(403)
    if data["unit"] is None:
        raise HTTPException(404)
    context = {
        "me": data["me"],
        "unit": data["unit"],
        "counts": data["attendanceCounts"],
        "sites": data["siteDisturbances"],
        **_list(visit, data["attendance"], wanted),
    }
    return visit.show(TEMPLATE, context)


async def units(visit: Visit) -> Response:
    """The picker's list, fetched when it is opened: an agency may have hundreds of units."""
    search = visit.query("unit-search")
    found = (await visit.ask_as_reader(ASK["Units"], search=search or None))["units"]
    nodes = [edge["node"] for edge in found["edges"]]
    context = {"units": tree(nodes), "more": found["pageInfo"]["hasNextPage"], "asked": bool(search)}
    return htmx.fragment(visit.block(UNITS, "units", context))


def tree(units: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Parents before their children, each with its depth; one whose parent is not listed stands at the top."""
    known = {unit["id"] for unit in units}
    below: dict[str | None, list[dict[str, Any]]] = {}
    for unit in units:
        below.setdefault(unit["parentId"] if unit["parentId"] in known else None, []).append(unit)

    def under(parent: str | None, depth: int) -> list[dict[str, Any]]:
        return [
            line
            for unit in below.get(parent, [])
            for line in ({**unit, "depth": depth}, *under(unit["id"], depth + 1))
        ]

    return under(None, 0)


def _list(visit: Visit, connection: dict[str, Any], wanted: dict[str, str | None]) -> dict[str, Any]:
    after = connection["pageInfo"]["endCursor"] if connection["pageInfo"]["hasNextPage"] else None
    address = f"/live/{visit.path('unit')}/rows"
    more = URL(address).include_query_params(**{k: v for k, v in wanted.items() if v}, after=after)
    return {
        "days": [edge["node"] for edge in connection["edges"]],
        "wanted": wanted,
        "more_address": str(more) if after else None,
    }


async def rows(visit: Visit) -> Response:
    """The list again after a gap, or its next fifty."""
    wanted = _wanted(visit)
    after = visit.query("after") or None
    data = await visit.ask_as_reader(ASK["MoreRows"], unit=visit.path("unit"), after=after, **wanted)
    return htmx.fragment(visit.block(TEMPLATE, "list", _list(visit, data["attendance"], wanted)))


async def events(visit: Visit) -> Response:
    """One change, rendered once for all who watch the unit in the same language."""
    changes = visit.watch(ASK["Changes"], unit=visit.path("unit"))
    return EventStream(_told(visit, changes))


async def _told(visit: Visit, changes: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    try:
        async for payload in changes:
            yield change(visit.kit.pages, payload, visit.locale)
    except (SignInRequired, NotAllowed, NotFound):
        # The page stops asking. After any other end it connects again by itself.
        yield htmx.event("ended")


@lru_cache(maxsize=256)
def change(pages: Pages, payload: bytes, locale: str) -> bytes:
    """Server-sent events for one change. Remembered by the payload, which all subscribers share: a row is
    drawn once, however many look at it. So it must not depend on who looks."""
    found = decoded(payload)["attendanceChanged"]
    days = sorted(found["changed"], key=lambda day: day["lastChangeAt"] or "")
    context = {"counts": found["counts"], "days": days, "sites": found["disturbances"]}
    told = htmx.message(pages.whole(CHANGE, locale, context))
    return told + htmx.event("resync") if found["resync"] else told


routes = [
    page("GET", "/live", start),
    page("GET", "/live/units", units),
    page("GET", "/live/{unit:uuid}", show),
    page("GET", "/live/{unit:uuid}/rows", rows),
    page("GET", "/live/{unit:uuid}/events", events),
]
