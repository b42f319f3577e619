import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.web.fake_api import (
    BUDI,
    DAY,
    IDS,
    PROVINCE,
    SITI,
    FakeApi,
    attendance_day,
    check_in,
    connection,
    counts,
    supervisor,
)
from tests.web.real_server import Site
from web.pages.live.page import ASK as LIVE

pytestmark = pytest.mark.browser

WALL = f"/live/{IDS['province']}"


@pytest.fixture
def wall(api: FakeApi) -> dict[str, Any]:
    days = [attendance_day(SITI), attendance_day(BUDI)]
    api.data = {
        "me": supervisor(),
        "unit": PROVINCE,
        "attendanceCounts": counts(total=2, notIn=2),
        "siteDisturbances": [],
        "attendance": connection(days),
    }
    return api.data


def change(api: FakeApi, *days: dict[str, Any], resync: bool = False, **numbers: int) -> bytes:
    root = {
        "attendanceChanged": {
            "resync": resync,
            "counts": counts(total=2, **numbers),
            "changed": list(days),
            "disturbances": [],
        }
    }
    return api.event(LIVE["Changes"], {"unit": IDS["province"]}, root)


def names(page: Page) -> list[str]:
    return [name.split("\n")[0] for name in page.locator("#rows > .row:visible .row-name").all_inner_texts()]


def test_a_row_changes_and_moves_to_the_top_by_itself(
    visit: Callable[..., Page], site: Site, api: FakeApi, wall: dict[str, Any]
) -> None:
    site.past = [change(api, resync=True, notIn=2)]
    page = visit(WALL)
    expect(page.locator("#live-state")).to_have_text(
        re.compile("^\\s*Live\\s*$", re.MULTILINE), use_inner_text=True
    )
    assert names(page) == ["Siti Rahmawati", "Budi Santoso"]
    came = attendance_day(BUDI, "IN", inAt=f"{DAY}T00:24:00+00:00", lateMinutes=5)
    # The list says it too: the page may be reading it anew at this very moment.
    wall["attendance"] = connection([came, attendance_day(SITI)])
    site.feed(change(api, came, notIn=1, late=1, **{"in": 1}))
    first = page.locator("#rows > .row").first
    expect(first).to_contain_text("Budi Santoso")
    expect(first).to_contain_text("08:24")
    expect(first).to_contain_text("5 minutes late")
    expect(page.locator("#n-LATE")).to_have_text("1")
    assert names(page) == ["Budi Santoso", "Siti Rahmawati"]
    assert "1 present, 1 late" in (page.locator("#said-next").text_content() or "")


def test_a_change_comes_by_the_open_stream_and_asks_for_nothing(
    visit: Callable[..., Page], site: Site, api: FakeApi, wall: dict[str, Any]
) -> None:
    """Neither a reload nor a look at the list: what is shown was in the event itself."""
    page = visit(WALL)
    page.wait_for_function("() => document.querySelector('#live-state').dataset.state === 'live'")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    assert len(site.watchers) == 1
    site.feed(change(api, attendance_day(BUDI, "IN", inAt=f"{DAY}T00:24:00+00:00"), notIn=1, **{"in": 1}))
    expect(page.locator("#rows > .row").first).to_contain_text("08:24")
    site.feed(change(api, attendance_day(SITI, "IN", inAt=f"{DAY}T00:25:00+00:00"), **{"in": 2}))
    expect(page.locator("#rows > .row").first).to_contain_text("07:25")
    expect(page.locator("#n-IN")).to_have_text("2")
    assert asked == []
    assert len(site.watchers) == 1


def test_a_choice_and_a_search_hold_against_changes(
    visit: Callable[..., Page], site: Site, api: FakeApi, wall: dict[str, Any]
) -> None:
    wall["attendance"] = connection([])
    page = visit(WALL + "?filter=LATE")
    page.wait_for_function("() => document.querySelector('#live-state').dataset.state === 'live'")
    site.feed(change(api, attendance_day(BUDI, "IN"), attendance_day(SITI, "IN", lateMinutes=3)))
    expect(page.locator("#rows > .row", has_text="Siti")).to_be_visible()
    assert names(page) == ["Siti Rahmawati"]
    page.locator("#search").fill("budi")
    page.wait_for_timeout(600)
    site.feed(change(api, attendance_day(SITI, "IN", lateMinutes=4)))
    page.wait_for_timeout(400)
    assert names(page) == []


def test_focus_stays_on_the_row_that_moves(
    visit: Callable[..., Page], site: Site, api: FakeApi, wall: dict[str, Any]
) -> None:
    seen = check_in(BUDI)["id"]
    wall["attendance"] = connection([attendance_day(SITI), attendance_day(BUDI, checkInId=seen)])
    page = visit(WALL)
    page.wait_for_function("() => document.querySelector('#live-state').dataset.state === 'live'")
    page.get_by_role("link", name="Budi Santoso").focus()
    site.feed(change(api, attendance_day(BUDI, "IN", checkInId=seen)))
    expect(page.locator("#rows > .row").first).to_contain_text("Budi Santoso")
    expect(page.get_by_role("link", name="Budi Santoso")).to_be_focused()


def test_after_a_broken_connection_the_list_is_read_again(
    visit: Callable[..., Page], site: Site, api: FakeApi, wall: dict[str, Any]
) -> None:
    site.past = [change(api, resync=True)]
    page = visit(WALL)
    page.wait_for_function("() => document.querySelector('#live-state').dataset.state === 'live'")
    page.context.set_offline(True)
    site.feed(None)
    expect(page.locator("#live-state")).to_contain_text("Connecting again", use_inner_text=True)
    wall["attendance"] = connection([attendance_day(BUDI, "IN"), attendance_day(SITI)])
    page.context.set_offline(False)
    expect(page.locator("#rows > .row").first).to_contain_text("Budi Santoso")
    expect(page.locator("#live-state")).to_contain_text("Live", use_inner_text=True)


def test_a_wall_that_could_not_connect_or_read_at_first_does_so_later(
    visit: Callable[..., Page], site: Site, api: FakeApi, wall: dict[str, Any]
) -> None:
    site.past = [change(api, resync=True)]
    page = visit("/account")
    failed: list[str] = []

    def fail_once(route: Route) -> None:
        kind = route.request.url.rsplit("/", 1)[1].split("?")[0]
        if kind in failed:
            route.continue_()
            return
        failed.append(kind)
        if kind == "events":
            route.abort()
        else:
            route.fulfill(status=503, body="<p>busy</p>", content_type="text/html")

    page.route("**/events", fail_once)
    page.route("**/rows*", fail_once)
    first, later = connection([attendance_day(SITI)]), connection([attendance_day(BUDI, "IN")])
    wall["attendance"] = lambda **_: later if failed else first
    page.goto(site.address + WALL)
    expect(page.locator("#rows > .row").first).to_contain_text("Budi Santoso", timeout=15_000)
    assert failed == ["events", "rows"]
    expect(page.locator("#live-state")).to_contain_text("Live", use_inner_text=True)


def test_when_the_right_is_withdrawn_the_wall_says_so(
    visit: Callable[..., Page], site: Site, api: FakeApi, wall: dict[str, Any]
) -> None:
    page = visit(WALL)
    page.wait_for_function("() => document.querySelector('#live-state').dataset.state === 'live'")
    site.feed(b'{"errors":[{"message":"","extensions":{"code":"NOT_ALLOWED"}}]}')
    expect(page.get_by_role("link", name="Sign in again")).to_be_visible()
    page.wait_for_timeout(1_500)
    assert site.watchers == []


def test_the_picker_of_units_closes_by_the_keyboard_and_by_a_press_elsewhere(
    visit: Callable[..., Page], site: Site, api: FakeApi, wall: dict[str, Any]
) -> None:
    wall["units"] = connection([PROVINCE])
    page = visit(WALL)
    summary = page.locator("#picker summary")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#unit-list a")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator("#unit-list")).to_be_hidden()
    expect(summary).to_be_focused()
    summary.click()
    expect(page.locator("#unit-list")).to_be_visible()
    page.get_by_role("heading", level=1).click()
    expect(page.locator("#unit-list")).to_be_hidden()
