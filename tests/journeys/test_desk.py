"""The desk: an officer records who cannot be matched, the supervisor sees it live, and the person reads who did."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import Person, Site, ask
from tests.pictures import portrait

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]

#: An account without a face of its own in these journeys.
SOMEBODY = 6


def test_the_desk_records_who_does_without_face_recognition(
    someone: Callable[..., Person], site: Site
) -> None:
    person = someone("EMPLOYEE", SOMEBODY)
    page = person.go("/enrol")
    page.get_by_text("Saya memilih tidak memakai pengenalan wajah").click()
    page.get_by_role("button", name="Saya memilih tidak memakainya").click()
    officer = someone("DESK_OFFICER", face=portrait(0))
    expect(page.locator(".desk-contacts")).to_contain_text(officer.account["name"])

    supervisor = someone("SUPERVISOR", wide=True)
    wall = supervisor.go("/live")
    wall.wait_for_function("() => document.querySelector('#live-state').dataset.state === 'live'")

    desk = officer.go("/desk")
    desk.get_by_role("searchbox").fill(person.account["nip"][-6:])
    desk.get_by_role("button", name="Cari").click()
    desk.get_by_role("link", name=re.compile(re.escape(person.account["name"]))).first.click()
    desk.get_by_label("Datang").check()
    desk.get_by_label("Mengapa").select_option(label="Tidak memakai pengenalan wajah")
    desk.get_by_role("button", name="Catat kehadiran").click()
    expect(desk.locator(".note.bad:visible")).to_contain_text("memerlukan foto")
    desk.get_by_role("button", name="Buka kamera").click()
    desk.get_by_role("button", name="Ambil foto").click()
    desk.get_by_role("button", name="Catat kehadiran").click()
    expect(desk.locator(".note.good:visible")).to_be_visible()
    expect(desk.locator(".record").first).to_contain_text(person.account["name"])

    row = wall.locator("#rows > .row", has_text=person.account["name"]).first
    expect(row).to_have_attribute("data-tags", re.compile(r"BY_HAND"), timeout=5_000)
    row.get_by_role("link").click()
    expect(wall.locator(".by-hand")).to_contain_text(officer.account["name"])
    expect(wall.locator(".faces img").first).to_have_js_property("complete", True)
    assert wall.locator(".faces img").first.evaluate("image => image.naturalWidth") > 100

    page = person.go("/today")
    expect(page.locator(".by-hand")).to_contain_text(officer.account["name"])
    expect(page.locator("details.contest")).to_be_visible()
    told = ask(site.url, person.account["token"], "{ me { recentCheckIns(first: 1) { method state } } }")
    assert told["me"]["recentCheckIns"] == [{"method": "BY_HAND", "state": "ACCEPTED"}]
