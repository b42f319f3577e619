"""A day at the office, through the front door: a check-in, the wall that shows it, and a verdict that is mended."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import ELSEWHERE, Person, Site, ask, confirm
from tests.pictures import portrait, registered

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]

Someone = Callable[..., Person]
VERDICT_MS = 15_000
#: The demonstration's people sit in this order before the camera; see worker/vision/samples.py.
FACES = (0, 1, 4, 5)
#: Has no account's face; her photograph is in the public domain, so she is in the README.
ASTRONAUT = 6


def press_check_in(page: Page) -> None:
    """Look into the camera, wait for the position, press the one button."""
    shutter = page.locator("#shutter")
    expect(shutter).to_be_enabled(timeout=VERDICT_MS)
    shutter.click()
    expect(page.locator("#verdict-now")).to_be_visible(timeout=VERDICT_MS)


def verdict(page: Page) -> str:
    heading = page.locator("#verdict-now h2")
    expect(heading).not_to_contain_text(re.compile("diperiksa …|checked …"), timeout=VERDICT_MS)
    return heading.inner_text()


def test_an_employee_checks_in_and_her_supervisor_sees_it_live(someone: Someone) -> None:
    supervisor = someone("SUPERVISOR", wide=True)
    wall = supervisor.go("/live")
    wall.wait_for_function("() => document.querySelector('#live-state').dataset.state === 'live'")
    employee = someone("EMPLOYEE", 0, face=portrait(FACES[0]))
    name = employee.account["name"]
    supervisor.picture("wall")

    page = employee.go("/today")
    employee.picture("today")
    page = employee.go("/check-in?kind=IN")
    asked: list[str] = []
    wall.on("request", lambda request: asked.append(request.url))
    press_check_in(page)
    assert verdict(page) == "Diterima. Terima kasih."

    row = wall.locator("#rows > .row").first
    expect(row).to_contain_text(name)
    expect(row).to_have_attribute("data-tags", re.compile(r"^(IN|OUT)\b"))
    assert asked == [], "the change is in the event: the wall neither reloads nor asks"
    supervisor.picture("wall-live")

    row.get_by_role("link").click()
    expect(wall.locator(".faces img").first).to_have_js_property("complete", True)
    assert wall.locator(".faces img").first.evaluate("image => image.naturalWidth") > 100


def test_somebody_elses_face_is_refused_contested_and_decided_by_a_person(
    someone: Someone, site: Site
) -> None:
    employee = someone("EMPLOYEE", 1, face=portrait(FACES[2]))
    page = employee.go("/check-in?kind=IN")
    press_check_in(page)
    assert verdict(page) == "Kali ini tidak diterima"
    expect(page.locator("#verdict-now")).to_contain_text("wajah", ignore_case=True)

    page.reload()
    page.locator("details:has(form[action$='/contest']) > summary").click()
    page.locator("form[action$='/contest'] textarea").fill("Kamera kantor sedang rusak, saya di meja 4.")
    page.locator("form[action$='/contest'] button").click()
    expect(page.locator(".note.good")).to_be_visible()

    supervisor = someone("SUPERVISOR", wide=True)
    queue = supervisor.go("/check-ins")
    queue.get_by_role("link", name=re.compile(re.escape(employee.account["name"]))).first.click()
    expect(queue.get_by_text("Kamera kantor sedang rusak")).to_be_visible()
    queue.locator("#reason").fill("Saya melihatnya di meja 4 pukul 07.30.")
    queue.locator("button[value=CONFIRM]").click()
    expect(queue.locator(".note.good")).to_be_visible()

    page.reload()
    expect(page.get_by_text("Saya melihatnya di meja 4")).to_be_visible()
    checked = ask(
        site.url,
        employee.account["token"],
        "{ me { today { presence } recentCheckIns { state review { reason } } } }",
    )
    assert checked["me"]["today"]["presence"] == "IN"
    assert checked["me"]["recentCheckIns"][0]["state"] == "ACCEPTED"


def test_away_from_the_office_waits_for_a_person(someone: Someone) -> None:
    employee = someone("EMPLOYEE", 2, face=portrait(FACES[2]), at=ELSEWHERE)
    page = employee.go("/check-in?kind=IN")
    press_check_in(page)
    assert verdict(page) == "Akan ditinjau oleh petugas", page.locator("#verdict-now").inner_text()
    expect(page.locator("#verdict-now")).to_contain_text(re.compile(r"\d\D*m\b"))


def test_a_newcomer_agrees_enrols_and_checks_in(someone: Someone, site: Site) -> None:
    newcomer = someone("EMPLOYEE", 5, face=registered(ASTRONAUT))
    page = newcomer.go("/enrol")
    newcomer.picture("consent")
    page.get_by_role("button", name="Saya setuju").click()
    for number in range(3):
        take = page.locator("#shutter")
        expect(take).to_be_enabled(timeout=VERDICT_MS)
        if number == 2:
            newcomer.picture("enrol")
        take.click()
    page.locator("#send").click()
    waits = page.get_by_role("heading", name="Foto Anda baik dan menunggu pengesahan.")
    expect(waits).to_be_visible(timeout=VERDICT_MS)

    confirm(someone("HR_ADMIN", wide=True), newcomer.account["name"])
    page = newcomer.go("/enrol")
    expect(page.get_by_role("heading", name="Wajah Anda terdaftar.")).to_be_visible()

    # Another moment: the one that was registered would be known again.
    newcomer = someone("EMPLOYEE", 5, face=portrait(ASTRONAUT))
    page = newcomer.go("/check-in?kind=IN")
    expect(page.locator("#shutter")).to_be_enabled(timeout=VERDICT_MS)
    newcomer.picture("check-in")
    press_check_in(page)
    assert verdict(page) == "Diterima. Terima kasih."
    newcomer.picture("verdict")

    latest = ask(site.url, newcomer.account["token"], "{ me { recentCheckIns(first: 1) { id } } }")
    supervisor = someone("SUPERVISOR", wide=True)
    seen = supervisor.go(f"/check-ins/{latest['me']['recentCheckIns'][0]['id']}")
    expect(seen.locator(".faces img").first).to_have_js_property("complete", True)
    supervisor.picture("evidence")
