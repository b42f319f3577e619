from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from functools import lru_cache
from typing import Any

from starlette.datastructures import URL
from starlette.exceptions import HTTPException
from starlette.responses import Response

from web import htmx
from web.client import NotAllowed, SignInRequired, decoded, operations
from web.render import Pages
from web.stream import EventStream
from web.visit import Visit, go, page

ASK = operations(__file__)
TEMPLATE = "live/live.html"
CHANGE = "live/change.html"
FILTERS = ("NOT_IN", "PENDING", "IN", "OUT", "LATE", "FLAGGED", "NEEDS_REVIEW")


async def start(visit: Visit) -> Response:
    """The wall of the highest unit one may watch."""
    units = (await visit.ask_as_reader(ASK["Units"]))["me"]["watchableUnits"]
    if not units:
        raise HTTPException(403)
    known = {unit["id"] for unit in units}
    top = next((unit for unit in units if unit["parentId"] not in known), units[0])
    return go(f"/live/{top['id']}")


def _wanted(visit: Visit) -> dict[str, str | None]:
    chosen = visit.query("filter")
    return {"search": visit.query("search") or None, "filter": chosen if chosen in FILTERS else None}


async def show(visit: Visit) -> Response:
    wanted = _wanted(visit)
    data = await visit.ask_as_reader(ASK["Wall"], unit=visit.path("unit"), **wanted)
    unit = data["unit"]
    if unit is None or all(unit["id"] != other["id"] for other in data["me"]["watchableUnits"]):
        raise HTTPException(404)
    context = {
        "me": data["me"],
        "unit": unit,
        "counts": data["attendanceCounts"],
        "nearby": relatives(data["me"]["watchableUnits"], unit["id"]),
        **_list(visit, data["attendance"], wanted),
    }
    return visit.show(TEMPLATE, context)


def relatives(units: Iterable[dict[str, Any]], here: str) -> list[dict[str, Any]]:
    """The units one step away, so that a tree of hundreds needs no list of hundreds: those above, those
    beside and those below, each with its depth."""
    by_id = {unit["id"]: unit for unit in units}
    above: list[dict[str, Any]] = []
    at = by_id.get(by_id[here]["parentId"])
    while at is not None:
        above.insert(0, at)
        at = by_id.get(at["parentId"])
    shown = [{**unit, "depth": depth} for depth, unit in enumerate(above)]
    by_name = sorted(by_id.values(), key=lambda unit: unit["name"])
    for unit in by_name:
        if unit["id"] == here or (unit["parentId"] == by_id[here]["parentId"] and above):
            shown.append({**unit, "depth": len(above)})
        if unit["id"] == here:
            shown += [{**child, "depth": len(above) + 1} for child in by_name if child["parentId"] == here]
    return shown


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
    except (SignInRequired, NotAllowed):
        # The page stops asking. After any other end it connects again by itself.
        yield htmx.event("ended")


@lru_cache(maxsize=256)
def change(pages: Pages, payload: bytes, locale: str) -> bytes:
    """Server-sent events for one change. Remembered by the payload, which all subscribers share: a row is
    drawn once, however many look at it. So it must not depend on who looks."""
    found = decoded(payload)["attendanceChanged"]
    days = sorted(found["changed"], key=lambda day: day["lastChangeAt"] or "")
    context = {"counts": found["counts"], "days": days}
    told = htmx.message(pages.whole(CHANGE, locale, context))
    return told + htmx.event("resync") if found["resync"] else told


routes = [
    page("GET", "/live", start),
    page("GET", "/live/{unit:uuid}", show),
    page("GET", "/live/{unit:uuid}/rows", rows),
    page("GET", "/live/{unit:uuid}/events", events),
]
