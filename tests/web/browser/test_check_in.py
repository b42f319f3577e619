"""A check-in from the camera to the verdict, over a connection that fails."""

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.web.fake_api import DAY, IDS, SITI, FakeApi, check_in, me, reason
from tests.web.real_server import Site, upload_target
from web.pages.evidence.page import ASK as EVIDENCE

pytestmark = pytest.mark.browser


def started(**_: Any) -> dict[str, Any]:
    return {
        "__typename": "CheckInStart",
        "nonce": "n" * 22,
        "expiresAt": f"{DAY}T00:30:00+00:00",
        "serverTime": f"{DAY}T00:24:00+00:00",
        "kind": "IN",
        "challenge": [],
        "uploads": [upload_target("k1")],
    }


def accepting(submissions: list[dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """The mutation, and the query of the same name."""

    def answer(id: str | None = None, input: dict[str, Any] | None = None) -> dict[str, Any]:
        if input is None:
            return check_in(SITI, "PENDING")
        submissions.append(input)
        repeated = len(submissions) > 1
        return {"__typename": "CheckInAccepted", "repeated": repeated, "checkIn": check_in(SITI, "PENDING")}

    return answer


def verdict(api: FakeApi, state: str, **more: Any) -> bytes:
    found = {"checkInChanged": check_in(SITI, state, **more)}
    return api.event(EVIDENCE["VerdictChanges"], {"id": IDS["check_in"]}, found)


@pytest.fixture
def submissions(api: FakeApi) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    api.data = {"me": me(), "startCheckIn": started, "checkIn": accepting(sent)}
    return sent


def test_a_check_in_from_the_camera_to_the_verdict(
    visit: Callable[..., Page], site: Site, api: FakeApi, submissions: list[dict[str, Any]]
) -> None:
    page = visit("/check-in")
    expect(page.get_by_text("Position: very good")).to_be_visible()
    page.get_by_role("button", name="Check in").click()
    expect(page.get_by_role("heading", name="Received. Now being checked")).to_be_visible()
    assert page.url.endswith(f"/check-ins/{IDS['check_in']}"), "a reload shows the same record"
    picture = Image.open(io.BytesIO(site.uploads[0]))
    assert picture.format == "JPEG"
    assert max(picture.size) <= 640
    assert picture.width / picture.height == pytest.approx(3 / 4, abs=0.02), "what the viewfinder shows"
    assert len(site.uploads[0]) <= 80_000
    sent = submissions[0]
    assert sent["frames"] == ["k1"]
    assert sent["fixes"][0]["latitude"] == -6.2
    assert sent["fixes"][0]["time"].startswith(f"{DAY}T00:2"), "in the server's time, not the phone's"
    why = [reason("FLAG", "On the edge of the circle.", "Stand further in next time.")]
    site.feed(verdict(api, "FLAGGED", reasons=why))
    expect(page.get_by_role("heading", name="Accepted, with a note")).to_be_visible(timeout=2_000)
    expect(page.get_by_text("Stand further in next time.")).to_be_visible()
    expect(page.get_by_text("K7F2-M9QD")).to_be_visible()


def test_an_answer_lost_on_its_way_is_asked_for_again(
    visit: Callable[..., Page], site: Site, submissions: list[dict[str, Any]]
) -> None:
    site.swallow = 2
    page = visit("/check-in")
    page.locator("#shutter:enabled").click()
    expect(page.get_by_text("We keep trying")).to_be_visible()
    expect(page.get_by_role("heading", name="Received. Now being checked")).to_be_visible()
    assert len(submissions) == 3
    assert len({sent["idempotencyKey"] for sent in submissions}) == 1
    assert all(sent == submissions[0] for sent in submissions)
    assert len(site.uploads) == 1


def test_a_reload_in_the_middle_hands_in_the_same_submission(
    visit: Callable[..., Page], site: Site, submissions: list[dict[str, Any]]
) -> None:
    site.swallow = 1
    page = visit("/check-in")
    page.locator("#shutter:enabled").click()
    expect(page.get_by_text("We keep trying")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Received. Now being checked")).to_be_visible()
    assert len({sent["idempotencyKey"] for sent in submissions}) == 1


def test_a_reload_while_the_answer_is_on_its_way_leads_to_the_verdict(
    visit: Callable[..., Page], site: Site, api: FakeApi, submissions: list[dict[str, Any]]
) -> None:
    """Accepted by the server, and the page gone before the answer came."""
    held: list[Route] = []
    page = visit("/check-in")
    page.route("**/check-in/submit", lambda route: (held.append(route), route.fetch()))
    page.locator("#shutter:enabled").click()
    page.wait_for_function("() => Object.keys(localStorage).some((name) => name.startsWith('hadir.pending'))")
    expect(page.get_by_text("Handing in …")).to_be_visible()
    while not (held and submissions):
        page.wait_for_timeout(50)
    other = page.context.new_page()
    page.close()
    other.goto(site.address + "/check-in")
    expect(other.get_by_role("heading", name="Received. Now being checked")).to_be_visible()
    assert len(submissions) > 1
    assert all(sent == submissions[0] for sent in submissions)
    other.reload()
    assert other.url.endswith(f"/check-ins/{IDS['check_in']}")
    kept = other.evaluate("() => Object.keys(localStorage)")
    assert kept == ["hadir.device"], "an answered submission is not sent again"


def test_a_submission_of_another_person_is_not_handed_in(
    visit: Callable[..., Page], site: Site, api: FakeApi, submissions: list[dict[str, Any]]
) -> None:
    page = visit("/check-in")
    page.evaluate("() => localStorage.setItem('hadir.pending.somebody-else', '{}')")
    page.reload()
    page.locator("#shutter:enabled").wait_for()
    assert submissions == []


def test_going_offline_and_back_finishes_the_check_in(
    visit: Callable[..., Page], site: Site, submissions: list[dict[str, Any]]
) -> None:
    page = visit("/check-in")
    page.locator("#shutter:enabled").wait_for()
    page.context.set_offline(True)
    expect(page.get_by_text("You are offline.")).to_be_visible()
    page.locator("#shutter").click()
    page.wait_for_timeout(500)
    assert submissions == []
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Received. Now being checked")).to_be_visible()
    assert len(submissions) == 1


def test_the_verdict_comes_by_polling_when_the_stream_does_not(
    visit: Callable[..., Page], site: Site, api: FakeApi, submissions: list[dict[str, Any]]
) -> None:
    page = visit("/check-in")
    page.route("**/events", lambda route: route.abort())
    page.locator("#shutter:enabled").click()
    expect(page.get_by_role("heading", name="Received. Now being checked")).to_be_visible()
    api.data["checkIn"] = check_in(SITI, "ACCEPTED")
    expect(page.get_by_role("heading", name="Accepted. Thank you.")).to_be_visible(timeout=8_000)


def test_a_refused_submission_says_why_and_may_be_repeated(
    visit: Callable[..., Page], api: FakeApi, submissions: list[dict[str, Any]]
) -> None:
    stale = {
        "__typename": "PositionUnusable",
        "code": "X",
        "message": "The fix is old.",
        "nextStep": "Wait a moment.",
    }
    accept, api.data["checkIn"] = api.data["checkIn"], stale
    page = visit("/check-in")
    page.locator("#shutter:enabled").click()
    expect(page.get_by_text("The fix is old.")).to_be_visible()
    expect(page.get_by_text("Wait a moment.", exact=True)).to_be_visible()
    api.data["checkIn"] = accept
    page.locator("#shutter:enabled").click()
    expect(page.get_by_role("heading", name="Received. Now being checked")).to_be_visible()


@pytest.mark.parametrize(
    ("allowed", "said"),
    [(["camera"], "The position is not allowed"), (["camera", "geolocation"], None)],
)
def test_a_withheld_position_says_what_to_do(
    visit: Callable[..., Page], submissions: list[dict[str, Any]], allowed: list[str], said: str | None
) -> None:
    page = visit("/check-in", allowed=allowed)
    if said is None:
        expect(page.locator("#shutter")).to_be_enabled()
        expect(page.locator("#obstacles .note:visible")).to_have_count(0)
    else:
        expect(page.get_by_text(said)).to_be_visible()
        expect(page.locator("#shutter")).to_be_disabled()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ("NotAllowedError", "The camera is not allowed"),
        ("NotFoundError", "No camera was found"),
        ("NotReadableError", "in use by another app"),
    ],
)
def test_a_camera_that_cannot_be_had_says_what_to_do(
    visit: Callable[..., Page], site: Site, submissions: list[dict[str, Any]], error: str, said: str
) -> None:
    page = visit("/login")
    page.context.add_init_script(
        f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', '{error}'))"
    )
    page.goto(site.address + "/check-in")
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.locator("#shutter")).to_be_disabled()
    expect(page.locator("#stage")).not_to_contain_text(re.compile(r"\w"), use_inner_text=True)


def test_of_several_obstacles_the_first_alone_is_shown(
    visit: Callable[..., Page], site: Site, submissions: list[dict[str, Any]]
) -> None:
    page = visit("/login", allowed=[])
    page.context.add_init_script(
        "navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', 'NotAllowedError'))"
    )
    page.goto(site.address + "/check-in")
    expect(page.get_by_text("The camera is not allowed")).to_be_visible()
    page.wait_for_function("() => document.querySelector('#position').hidden")
    expect(page.locator("#obstacles .note:visible")).to_have_count(1)
    page.context.set_offline(True)
    expect(page.get_by_text("You are offline.")).to_be_visible()
    expect(page.locator("#obstacles .note:visible")).to_have_count(1)


@pytest.mark.parametrize("agent", ["Chrome/130 Mobile", "Chrome/130 Mobile Instagram 350"])
def test_without_javascript_one_note_and_no_dead_button(
    visit: Callable[..., Page], submissions: list[dict[str, Any]], agent: str
) -> None:
    page = visit(
        "/check-in", java_script_enabled=False, user_agent=f"Mozilla/5.0 (Linux; Android 14) {agent}"
    )
    expect(page.locator(".note:visible")).to_have_count(1)
    expect(page.locator("#shutter")).to_be_hidden()
