from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest
from starlette.testclient import TestClient

from tests.web.fake_api import (
    BUDI,
    DAY,
    IDS,
    JAYAPURA,
    MAKASSAR,
    PROVINCE,
    SITI,
    FakeApi,
    attendance_day,
    check_in,
    connection,
    counts,
    employee,
    me,
    refused,
    supervisor,
)
from web.assets import Assets
from web.pages.enrol import page as enrol
from web.pages.evidence import page as evidence
from web.pages.live import page as live
from web.render import Pages

Browser = Callable[..., TestClient]
WALL = f"/live/{IDS['province']}"


def changed(api: FakeApi, *days: dict[str, Any], resync: bool = False) -> bytes:
    root = {
        "attendanceChanged": {
            "resync": resync,
            "counts": counts(total=24_000, late=7),
            "changed": list(days),
            "disturbances": [],
        }
    }
    return api.event(live.ASK["Changes"], {"unit": IDS["province"]}, root)


async def stream(*payloads: bytes) -> AsyncIterator[bytes]:
    for payload in payloads:
        yield payload


def refusal(code: str) -> bytes:
    return orjson.dumps({"errors": [{"message": "", "extensions": {"code": code}}]})


def test_a_change_is_drawn_once_for_all_who_watch(
    browser: Browser, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.streams = {}
    payload = changed(api, attendance_day(SITI, "IN"))
    drawn: list[str] = []
    whole = Pages.whole

    def counted(self: Pages, template: str, locale: str, context: Any) -> str:
        drawn.append(locale)
        return whole(self, template, locale, context)

    monkeypatch.setattr(Pages, "whole", counted)
    pages = Pages(Assets())
    told = [live.change(pages, payload, "id") for _ in range(500)]
    assert drawn == ["id"]
    assert all(each is told[0] for each in told)
    live.change(pages, payload, "en")
    assert drawn == ["id", "en"]


def test_a_changed_row_goes_to_the_top_and_the_counts_follow(api: FakeApi) -> None:
    earlier = attendance_day(SITI, "IN", lastChangeAt=f"{DAY}T00:24:00+00:00")
    later = attendance_day(BUDI, "PENDING", lastChangeAt=f"{DAY}T00:25:00+00:00")
    told = live.change(Pages(Assets()), changed(api, later, earlier), "id").decode()
    assert f'<hx-partial hx-target="#row-{IDS["siti"]}" hx-swap="delete">' in told
    assert '<hx-partial hx-target="#rows" hx-swap="afterbegin">' in told
    assert told.index("Siti Rahmawati") < told.index("Budi Santoso"), "the last one put on top is the newest"
    assert '<hx-partial hx-target="#n-LATE" hx-swap="textContent">7</hx-partial>' in told
    assert '<hx-partial hx-target="#n-ALL" hx-swap="textContent">24.000</hx-partial>' in told
    assert "event: resync" not in told


def test_after_a_gap_the_page_is_told_to_read_the_list_again(api: FakeApi) -> None:
    told = live.change(Pages(Assets()), changed(api, resync=True), "id").decode()
    assert told.endswith("\n\nevent: resync\ndata: \n\n")


def test_a_name_cannot_break_out_of_an_event(api: FakeApi) -> None:
    who = employee("siti", "</hx-partial><script>\n\nevent: ended\ndata: x", PROVINCE)
    told = live.change(Pages(Assets()), changed(api, attendance_day(who, "IN")), "id").decode()
    assert "<script>" not in told
    assert "\nevent:" not in told
    assert all(line.startswith("data: ") for line in told.splitlines() if line)


@pytest.mark.parametrize(("code", "ended"), [("SIGN_IN_REQUIRED", True), ("NOT_ALLOWED", True)])
def test_when_the_right_is_withdrawn_the_page_stops(
    browser: Browser, api: FakeApi, code: str, ended: bool
) -> None:
    api.streams = {"attendanceChanged": stream(changed(api, resync=True), refusal(code))}
    answer = browser().get(f"{WALL}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.text.endswith("event: ended\ndata: \n\n")


def test_after_any_other_end_the_page_connects_again(browser: Browser, api: FakeApi) -> None:
    api.streams = {"attendanceChanged": stream(changed(api, resync=True))}
    assert "event: ended" not in browser().get(f"{WALL}/events").text


def test_the_wall_of_24000_is_light(browser: Browser, api: FakeApi) -> None:
    """At most 50 KB, before compression even."""
    people = [
        employee(f"10000000-0000-4000-8000-{n:012d}", f"Nama Pegawai Yang Panjang {n}", MAKASSAR)
        for n in range(50)
    ]
    flags = {"flagged": True, "needsReview": True, "lateMinutes": 42, "inAt": f"{DAY}T00:24:00+00:00"}
    days = [attendance_day(who, "IN", checkInId=check_in(who)["id"], **flags) for who in people]
    api.data = {
        "me": supervisor(),
        "unit": PROVINCE,
        "attendanceCounts": counts(total=24_000, **{"in": 23_000}),
        "siteDisturbances": [],
        "attendance": connection(days, end="cursor"),
    }
    answer = browser().get(WALL)
    assert answer.status_code == 200
    assert answer.text.count('class="row"') == 50
    with browser().stream("GET", WALL, headers={"accept-encoding": "gzip"}) as packed:
        assert len(b"".join(packed.iter_raw())) <= 50_000


def test_the_next_fifty_keep_the_choice(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": me(), "attendance": connection([attendance_day(SITI)], end="c2")}
    page = browser().get(f"{WALL}/rows?filter=LATE&search=siti+r&after=c1")
    given = {"unit": IDS["province"], "after": "c1", "search": "siti r", "filter": "LATE"}
    assert api.asked[-1]["variables"] == given
    assert 'hx-get="/live/' in page.text
    assert "search=siti+r&amp;filter=LATE&amp;after=c2" in page.text


def test_an_unknown_filter_is_none(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": me(), "attendance": connection([])}
    browser().get(f"{WALL}/rows?filter=EVIL")
    assert api.asked[-1]["variables"]["filter"] is None


def test_the_wall_opens_at_the_highest_unit_one_may_watch(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": supervisor(watchableUnits=[PROVINCE, JAYAPURA])}
    assert browser().get("/live").headers["location"] == WALL
    api.data = {"me": me()}
    assert browser().get("/live").status_code == 403


def test_the_wall_is_for_those_who_may_watch_a_unit_that_is(browser: Browser, api: FakeApi) -> None:
    rest = {"attendanceCounts": counts(), "siteDisturbances": [], "attendance": connection([])}
    api.data = {"me": me(permissions=["attendance.read"]), "unit": PROVINCE, **rest}
    assert browser().get(WALL).status_code == 403
    api.data = {"me": supervisor(), "unit": None, **rest}
    assert browser().get(WALL).status_code == 404
    api.data = {
        "me": supervisor(),
        "unit": PROVINCE,
        "attendanceCounts": refused("NOT_ALLOWED"),
        "siteDisturbances": [],
        "attendance": None,
    }
    assert browser().get(WALL).status_code == 403


def test_the_picker_draws_the_tree_parents_first() -> None:
    def at(name: str, parent: str | None) -> dict[str, Any]:
        return {"id": name, "name": name, "parentId": parent}

    listed = [at("a1", "a"), at("top", "elsewhere"), at("a", "top"), at("lost", "unseen"), at("b", "top")]
    shown = [(unit["id"], unit["depth"]) for unit in live.tree(listed)]
    assert shown == [("top", 0), ("a", 1), ("a1", 2), ("b", 1), ("lost", 0)]


def test_the_picker_offers_a_search_when_there_are_more(browser: Browser, api: FakeApi) -> None:
    api.data = {"units": connection([PROVINCE, MAKASSAR])}
    page = browser().get("/live/units").text
    assert "unit-search" not in page
    assert f'class="depth-1"><a href="/live/{IDS["makassar"]}"' in page
    api.data = {"units": connection([PROVINCE], end="c")}
    assert "unit-search" in browser().get("/live/units").text
    browser().get("/live/units?unit-search=jaya")
    assert api.asked[-1]["variables"] == {"search": "jaya"}


def test_a_verdict_is_sent_when_there_is_one_and_then_the_stream_ends(browser: Browser, api: FakeApi) -> None:
    ask = evidence.ASK["VerdictChanges"]
    payloads = [
        api.event(ask, {"id": IDS["check_in"]}, {"checkInChanged": check_in(SITI, state)})
        for state in ("PENDING", "ACCEPTED", "REFUSED")
    ]
    api.streams = {"checkInChanged": stream(*payloads)}
    told = browser(language="en").get(f"/check-ins/{IDS['check_in']}/events").text
    assert told.count("verdict-head") == 1
    assert "Accepted. Thank you." in told
    assert told.endswith("event: settled\ndata: \n\n")


def test_each_photographs_verdict_is_sent_as_it_comes(browser: Browser, api: FakeApi) -> None:
    ask = enrol.ASK["ProgressChanges"]
    payloads = [
        api.event(
            ask,
            {"id": IDS["enrolment"]},
            {"enrolmentChanged": {"id": IDS["enrolment"], "state": state, "photos": []}},
        )
        for state in ("PENDING", "ACTIVE", "ACTIVE")
    ]
    api.streams = {"enrolmentChanged": stream(*payloads)}
    told = browser(language="en").get(f"/enrol/{IDS['enrolment']}/events").text
    assert told.count("verdict-head") == 2
    assert "Your face is registered." in told
    assert told.endswith("event: settled\ndata: \n\n")


def test_a_stream_that_says_nothing_leaves_the_page_to_poll(browser: Browser, api: FakeApi) -> None:
    api.streams = {"checkInChanged": stream(refusal("INTERNAL"))}
    assert browser().get(f"/check-ins/{IDS['check_in']}/events").text == "event: settled\ndata: \n\n"
