"""Every page fits the smallest screen, and can be pressed, read aloud and reached by the keyboard."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.web.fake_api import (
    BUDI,
    DAY,
    IDS,
    MAKASSAR,
    SITI,
    SUPERVISOR_RIGHTS,
    FakeApi,
    attendance_day,
    check_in,
    connection,
    counts,
    reason,
    supervisor,
)
from tests.web.real_server import Site

pytestmark = pytest.mark.browser

ENTRY = {
    "id": IDS["session"],
    "at": f"{DAY}T00:24:00+00:00",
    "action": "photograph.look",
    "object": f"frames/{IDS['check_in']}/0",
    "actor": BUDI,
    "subject": SITI,
}


def everything(api: FakeApi) -> list[str]:
    """One page of each kind, full; and their addresses."""
    why = [reason("REVIEW", "Kamera belum yakin bahwa ini orang hidup.", "Mundurlah sedikit.")]
    found = check_in(BUDI, "REVIEW", reasons=why, canReview=True, canContest=True)
    days = [attendance_day(SITI, "IN", inAt=f"{DAY}T00:24:00+00:00", lateMinutes=12, needsReview=True)]
    api.data = {
        "me": supervisor(
            recentCheckIns=[found], permissions=[*SUPERVISOR_RIGHTS, "accounts.manage", "audit.read"]
        ),
        "unit": MAKASSAR,
        "attendanceCounts": counts(total=24_000, notIn=11_111, late=12_345, **{"in": 12_345}),
        "siteDisturbances": [],
        "attendance": connection(days, end="x"),
        "checkIn": found,
        "checkIns": connection([found]),
        "employees": connection([BUDI]),
        "employee": BUDI,
        "attendanceDay": days[0],
        "auditTrail": connection([ENTRY]),
    }
    paths = [
        "/login?next=/today",
        "/today",
        "/check-in",
        "/enrol?again=1",
        "/check-ins",
        "/desk?search=budi",
        "/people?search=budi",
        f"/people/{IDS['budi']}",
        "/audit",
        f"/desk/{IDS['budi']}",
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
    cut: [...document.querySelectorAll(".row, .tile, .card")].filter(shown)
      .filter((box) => box.scrollWidth > box.clientWidth + 1).map(start),
    mains: document.querySelectorAll("main").length,
  };
}"""


@pytest.mark.parametrize("language", ["id", "en"])
@pytest.mark.parametrize("width", [320, 768, 1200])
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
        assert found["cut"] == [], path


def test_the_keyboard_reaches_the_content_first(visit: Callable[..., Page], api: FakeApi) -> None:
    everything(api)
    page = visit("/today")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")


def test_every_page_can_be_used_by_keyboard_alone(
    visit: Callable[..., Page], site: Site, api: FakeApi
) -> None:
    """Each thing that can be pressed has its turn, and shows that it has."""
    paths = everything(api)
    page = visit("/today", viewport={"width": 1280, "height": 900})
    for path in paths:
        page.goto(site.address + path)
        page.wait_for_load_state("networkidle") if "/live/" not in path else page.wait_for_timeout(500)
        page.evaluate("() => document.activeElement.blur()")
        wanted = page.evaluate(TURNS)
        seen = set()
        within = 3 * page.locator("input[type=date]").count()  # day, month and year have turns of their own
        for _ in range(wanted + within + 2):
            page.keyboard.press("Tab")
            turn = page.evaluate(FOCUS)
            if turn is not None:
                assert turn["outline"], (path, turn)
                seen.add(turn["at"])
        assert len(seen) >= wanted, path


TURNS = """() => {
  const pressed = "a[href], button:not(:disabled), summary, input:not([type=hidden]), select, textarea";
  // A group of radio buttons is one turn: the arrow keys go on from there.
  const inTurn = (element) => element.checkVisibility() && (element.type !== "radio" || element.checked);
  window.turns = [...document.querySelectorAll(pressed)].filter(inTurn);
  return window.turns.length;
}"""

FOCUS = """() => {
  const at = window.turns.indexOf(document.activeElement);
  if (at < 0) return null;
  const style = getComputedStyle(document.activeElement);
  return { at, outline: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2 };
}"""
