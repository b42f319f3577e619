"""What somebody has typed outlives the page it was typed into."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import TOKEN
from tests.web.fake_api import BUDI, IDS, SITI, FakeApi, check_in, me
from tests.web.real_server import Site

pytestmark = pytest.mark.browser
TYPED = "I stood at desk four."


def contestable() -> dict[str, object]:
    return me(recentCheckIns=[check_in(SITI, "REFUSED", canContest=True)])


def test_what_was_typed_is_there_again_after_a_login_in_between(
    visit: Callable[..., Page], site: Site, api: FakeApi
) -> None:
    api.data = {"me": contestable()}
    page = visit("/today")
    page.get_by_text("Is this not right?").click()
    page.locator("textarea").fill(TYPED)
    page.context.clear_cookies(name="hadir_session")
    page.get_by_role("button", name="Ask for a second look").click()
    expect(page.get_by_text("You were signed out.")).to_be_visible()
    page.context.add_cookies([{"name": "hadir_session", "value": TOKEN, "url": site.address}])
    page.goto(site.address + "/today")
    expect(page.locator("textarea")).to_have_value(TYPED)
    expect(page.locator("textarea")).to_be_visible()


def test_what_has_arrived_is_not_kept_and_nobody_else_sees_it(
    visit: Callable[..., Page], site: Site, api: FakeApi
) -> None:
    api.data = {"me": contestable()}
    page = visit("/today")
    page.get_by_text("Is this not right?").click()
    page.locator("textarea").fill(TYPED)
    api.data = {"me": {**contestable(), "employee": {**SITI, "id": BUDI["id"]}}}
    page.reload()
    expect(page.locator("textarea")).to_have_value("")
    api.data = {"me": contestable()}
    page.goto(site.address + "/today?done=contested")
    page.goto(site.address + "/today")
    expect(page.locator("textarea")).to_have_value("")


def test_a_refused_contest_keeps_its_text(visit: Callable[..., Page], site: Site, api: FakeApi) -> None:
    refused = {"__typename": "InvalidInput", "code": "X", "message": "Too short.", "nextStep": "Write more."}
    found = check_in(SITI, "REFUSED", canContest=True)
    api.data = {"me": contestable(), "checkIn": found, "contestCheckIn": refused}
    page = visit(f"/check-ins/{IDS['check_in']}", java_script_enabled=False)
    page.get_by_text("Is this not right?").click()
    page.locator("textarea").fill(TYPED)
    page.get_by_role("button", name="Ask for a second look").click()
    expect(page.get_by_text("Too short.")).to_be_visible()
    expect(page.locator("textarea")).to_have_value(TYPED)
    expect(page.locator("textarea")).to_be_visible()
