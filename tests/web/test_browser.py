"""The scripts in a real Chromium, with a camera and a position of its own, and a connection that fails."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.conftest import CHROMIUM
from tests.web.conftest import TOKEN
from tests.web.fake_api import (
    BUDI,
    DAY,
    IDS,
    MAKASSAR,
    PROVINCE,
    SITI,
    FakeApi,
    attendance_day,
    check_in,
    connection,
    counts,
    me,
    reason,
    supervisor,
)
from tests.web.real_server import Site, serve
from web.pages.enrol.page import ASK as ENROL
from web.pages.evidence.page import ASK as EVIDENCE
from web.pages.live.page import ASK as LIVE

pytestmark = pytest.mark.browser
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def site(api: FakeApi) -> Iterator[Site]:
    with serve(api) as site:
        yield site


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """A signed-in page. Whatever the browser complains of, the content security policy above all, fails the test."""
    complaints: list[str] = []

    def note(message: Any) -> None:
        if re.search(r"Content.Security.Policy|Refused to|Uncaught|is not defined", message.text):
            complaints.append(message.text)

    with ExitStack() as stack:

        def open_page(
            path: str, *, allowed: list[str] | None = None, language: str = "en", **options: Any
        ) -> Page:
            rights = ["camera", "geolocation"] if allowed is None else allowed
            position = {"latitude": -6.2, "longitude": 106.8, "accuracy": 22}
            given = {"viewport": PHONE, "permissions": rights, "geolocation": position, **options}
            context = chromium.new_context(**given)
            stack.callback(context.close)
            address = {"url": site.address}
            context.add_cookies([{"name": "hadir_session", "value": TOKEN, **address}])
            context.add_cookies([{"name": "hadir_lang", "value": language, **address}])
            page = context.new_page()
            page.set_default_timeout(15_000)
            page.on("console", note)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(site.address + path)
            return page

        yield open_page
    assert complaints == []


def upload_target(name: str) -> dict[str, Any]:
    return {
        "key": name,
        "url": f"/upload/{name}",
        "method": "PUT",
        "headers": [{"name": "Content-Type", "value": "image/jpeg"}],
        "maxBytes": 200_000,
        "expiresAt": f"{DAY}T00:30:00+00:00",
    }


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
    visit: Callable[..., Page], chromium: Browser, submissions: list[dict[str, Any]], error: str, said: str
) -> None:
    page = visit("/login")
    page.context.add_init_script(
        f"navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('', '{error}'))"
    )
    page.goto(page.url.split("/login")[0].split("/today")[0] + "/check-in")
    expect(page.get_by_text(said)).to_be_visible()
    expect(page.locator("#shutter")).to_be_disabled()


def test_enrolling_with_three_photographs(visit: Callable[..., Page], site: Site, api: FakeApi) -> None:
    photos = [{"position": at, "accepted": None, "reasons": []} for at in range(3)]
    enrolment = {"id": IDS["enrolment"], "state": "PENDING", "photos": photos}
    sent: list[dict[str, Any]] = []

    def enrol(input: dict[str, Any]) -> dict[str, Any]:
        sent.append(input)
        return {"__typename": "EnrolmentAccepted", "enrolment": enrolment}

    targets = [upload_target(f"k{at}") for at in range(3)]
    started = {"__typename": "EnrolmentStart", "expiresAt": f"{DAY}T00:30:00+00:00", "uploads": targets}
    api.data = {"me": me({**SITI, "enrolment": "NONE"}), "startEnrolment": started, "enrolFace": enrol}
    page = visit("/enrol")
    for _ in range(2):
        page.locator("#shutter:enabled").click()
    page.get_by_role("button", name="Again").first.click()
    for _ in range(2):
        page.locator("#shutter:enabled").click()
    page.get_by_role("button", name="Send these photographs").click()
    expect(page.get_by_role("heading", name="Your photographs are being checked")).to_be_visible()
    assert sent == [{"uploads": ["k0", "k1", "k2"]}]
    assert len(site.uploads) == 3
    done = [{**photo, "accepted": True} for photo in photos[:2]]
    refused = {
        **photos[2],
        "accepted": False,
        "reasons": [reason("REFUSE", "Too close.", "Step back a little.")],
    }
    settled = {"enrolmentChanged": {**enrolment, "state": "ACTIVE", "photos": [*done, refused]}}
    site.feed(api.event(ENROL["ProgressChanges"], {"id": IDS["enrolment"]}, settled))
    expect(page.get_by_role("heading", name="Your face is registered.")).to_be_visible(timeout=2_000)
    expect(page.get_by_text("Step back a little.")).to_be_visible()


WALL = f"/live/{IDS['province']}"


@pytest.fixture
def wall(api: FakeApi) -> dict[str, Any]:
    days = [attendance_day(SITI), attendance_day(BUDI)]
    api.data = {
        "me": supervisor(),
        "unit": PROVINCE,
        "attendanceCounts": counts(total=2, notIn=2),
        "attendance": connection(days),
    }
    return api.data


def change(api: FakeApi, *days: dict[str, Any], resync: bool = False, **numbers: int) -> bytes:
    root = {
        "attendanceChanged": {"resync": resync, "counts": counts(total=2, **numbers), "changed": list(days)}
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
    site.feed(change(api, came, notIn=1, late=1, **{"in": 1}))
    first = page.locator("#rows > .row").first
    expect(first).to_contain_text("Budi Santoso", timeout=1_000)
    expect(first).to_contain_text("08:24")
    expect(first).to_contain_text("5 minutes late")
    expect(page.locator("#n-LATE")).to_have_text("1")
    assert names(page) == ["Budi Santoso", "Siti Rahmawati"]
    assert "1 present, 1 late" in (page.locator("#said-next").text_content() or "")


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


def everything(api: FakeApi) -> list[str]:
    """One page of each kind, full; and their addresses."""
    why = [reason("REVIEW", "Kamera belum yakin bahwa ini orang hidup.", "Mundurlah sedikit.")]
    found = check_in(BUDI, "REVIEW", reasons=why, canReview=True, canContest=True)
    days = [attendance_day(SITI, "IN", inAt=f"{DAY}T00:24:00+00:00", lateMinutes=12, needsReview=True)]
    api.data = {
        "me": supervisor(recentCheckIns=[found]),
        "unit": MAKASSAR,
        "attendanceCounts": counts(total=24_000, notIn=11_111, late=12_345, **{"in": 12_345}),
        "attendance": connection(days, end="x"),
        "checkIn": found,
        "checkIns": connection([found]),
    }
    paths = [
        "/login?next=/today",
        "/today",
        "/check-in",
        "/enrol?again=1",
        "/check-ins",
        "/account",
        "/nothing",
    ]
    return [*paths, f"/live/{IDS['makassar']}", f"/check-ins/{IDS['check_in']}"]


MEASURE = """() => {
  const shown = (element) => {
    const box = element.getBoundingClientRect();
    return element.checkVisibility() && box.width > 1 && box.height > 1;
  };
  const inText = (element) => getComputedStyle(element).display === "inline";
  const named = (element) =>
    element.innerText?.trim() || element.getAttribute("aria-label") || element.labels?.length;
  const start = (element) => element.outerHTML.slice(0, 120);
  const pressed = "a[href], button, summary, input:not([type=hidden]), select, textarea";
  const targets = [...document.querySelectorAll(pressed)].filter(shown);
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].filter(shown).map((h) => Number(h.tagName[1]));
  return {
    width: document.documentElement.scrollWidth,
    small: targets.filter((t) => !inText(t) && t.getBoundingClientRect().height < 47.5).map(start),
    nameless: targets.filter((t) => !named(t)).map(start),
    twice: ids.filter((id, at) => ids.indexOf(id) !== at),
    headings: document.querySelectorAll("h1").length,
    jumps: levels.filter((level, at) => at > 0 && level > levels[at - 1] + 1),
    mains: document.querySelectorAll("main").length,
  };
}"""


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("width", [320, 1280])
def test_every_page_fits_and_can_be_pressed_and_read(
    visit: Callable[..., Page], site: Site, api: FakeApi, width: int, language: str
) -> None:
    paths = everything(api)
    page = visit("/today", viewport={"width": width, "height": 740}, language=language)
    for path in paths:
        page.goto(site.address + path)
        found = page.evaluate(MEASURE)
        assert found["width"] <= width, path
        assert found["small"] == [], path
        assert found["nameless"] == [], path
        assert found["twice"] == [], path
        assert found["headings"] == 1, path
        assert found["jumps"] == [], path
        assert found["mains"] == 1, path


def test_the_keyboard_reaches_the_content_first(visit: Callable[..., Page], api: FakeApi) -> None:
    everything(api)
    page = visit("/today")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
