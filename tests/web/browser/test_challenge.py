"""Moves before the camera: led by signs, sent as a burst with its times; and the one button after a doubt."""

import io
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.web.browser.test_check_in import accepting, started, verdict
from tests.web.fake_api import IDS, FakeApi, me, reason
from tests.web.real_server import Site, upload_target

pytestmark = pytest.mark.browser

WORDS = {
    "LOOK": "Look at the camera.",
    "TURN_LEFT": "Turn your head to the left, then back.",
    "BLINK": "Close your eyes for a moment, then open them.",
    "COME_CLOSER": "Bring your face closer, then back.",
}
ASKED: list[dict[str, Any]] = []


def challenged(*moves: str) -> Callable[..., dict[str, Any]]:
    def answer(input: dict[str, Any]) -> dict[str, Any]:
        ASKED.append(input)
        challenge = [{"kind": kind, "instruction": WORDS[kind]} for kind in ("LOOK", *moves)]
        return {**started(), "challenge": challenge, "uploads": [upload_target(f"k{n}") for n in range(8)]}

    return answer


@pytest.fixture
def submissions(api: FakeApi) -> list[dict[str, Any]]:
    sent: list[dict[str, Any]] = []
    ASKED.clear()
    api.data = {"me": me(), "checkIn": accepting(sent)}
    return sent


def follow(page: Page) -> list[str]:
    """What the signs said, in their order, until the photographs are under way."""
    page.evaluate(
        """() => {
            window.said = [];
            const words = document.getElementById("sign-words");
            const note = () => words.textContent && window.said.push(words.textContent);
            new MutationObserver(note).observe(words, { childList: true, characterData: true, subtree: true });
        }"""
    )
    page.get_by_role("button", name="Check in").click()
    expect(page.get_by_role("heading", name="Received. Now being checked")).to_be_visible(timeout=30_000)
    return list(page.evaluate("() => window.said"))


@pytest.mark.parametrize(
    ("moves", "least"), [(("TURN_LEFT", "COME_CLOSER"), 5), (("BLINK", "TURN_LEFT", "COME_CLOSER"), 7)]
)
def test_signs_lead_through_the_moves_and_a_burst_is_sent(
    visit: Callable[..., Page],
    site: Site,
    api: FakeApi,
    submissions: list[dict[str, Any]],
    moves: tuple[str, ...],
    least: int,
) -> None:
    api.data["startCheckIn"] = challenged(*moves)
    page = visit("/check-in")
    page.locator("#shutter:enabled").wait_for()
    assert follow(page) == [WORDS[kind] for kind in ("LOOK", *moves, "LOOK")]
    [sent] = submissions
    count = len(sent["frames"])
    assert least <= count <= 8
    assert sent["frames"] == [f"k{number}" for number in range(count)]
    times = [datetime.fromisoformat(time) for time in sent["capturedAt"]]
    assert len(times) == count
    assert all(before < after for before, after in pairwise(times))
    assert (times[-1] - times[0]).total_seconds() < 15
    assert len(site.uploads) == count
    assert all(len(photo) <= 80_000 for photo in site.uploads)
    sizes = [max(Image.open(io.BytesIO(photo)).size) for photo in site.uploads]
    assert sorted(sizes)[-2:] == [640, 640]
    assert set(sizes) == {480, 640}
    assert ASKED[0]["deviceId"] == sent["deviceId"] != ""


def test_the_script_for_moves_is_not_loaded_before_it_is_needed(
    visit: Callable[..., Page], api: FakeApi, submissions: list[dict[str, Any]]
) -> None:
    api.data["startCheckIn"] = started
    page = visit("/check-in")
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    page.locator("#shutter:enabled").click()
    expect(page.get_by_role("heading", name="Received. Now being checked")).to_be_visible()
    assert not [url for url in loaded if "challenge.js" in url or "moves.css" in url]


@pytest.mark.parametrize("width", [320, 412])
def test_a_sign_fits_and_moves_nothing(
    visit: Callable[..., Page], api: FakeApi, submissions: list[dict[str, Any]], width: int
) -> None:
    api.data["startCheckIn"] = challenged("TURN_LEFT", "BLINK")
    page = visit("/check-in", viewport={"width": width, "height": 640}, reduced_motion="reduce")
    page.locator("#shutter:enabled").wait_for()
    before = page.locator(".viewfinder").bounding_box()
    page.locator("#shutter").click()
    for kind in ("TURN_LEFT", "BLINK"):
        page.locator(f"#signs[data-move={kind}]").wait_for()
        sign, words = (page.locator(place).bounding_box() for place in (".sign:visible .icon", ".sign-words"))
        assert sign is not None
        assert words is not None
        assert before is not None
        for box in (sign, words):
            assert before["x"] <= box["x"]
            assert box["x"] + box["width"] <= before["x"] + before["width"]
        assert sign["width"] >= 60
        after = page.locator(".viewfinder").bounding_box()
        assert after is not None
        assert (after["width"], after["height"]) == (before["width"], before["height"])
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_after_a_doubt_one_button_leads_to_the_moves(
    visit: Callable[..., Page], site: Site, api: FakeApi, submissions: list[dict[str, Any]]
) -> None:
    api.data["startCheckIn"] = started
    page = visit("/check-in")
    page.locator("#shutter:enabled").click()
    expect(page.get_by_role("heading", name="Received. Now being checked")).to_be_visible()
    why = [reason("REVIEW", "One more step is asked for.", "Press the button.")]
    site.feed(verdict(api, "REVIEW", reasons=why, canChallenge=True))
    expect(page.get_by_role("heading", name="One more step, please")).to_be_visible()
    api.data["startCheckIn"] = challenged("TURN_LEFT", "BLINK")
    page.get_by_role("link", name="Make the movements now").click()
    expect(page.locator("#signs[data-move=TURN_LEFT]")).to_be_visible(timeout=20_000)
    assert ASKED[-1]["after"] == IDS["check_in"]
    expect(page.get_by_role("heading", name="Received. Now being checked")).to_be_visible(timeout=20_000)
    assert len(submissions) == 2
