"""Whatever a person can write, or a directory can hold, stays text."""

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from tests.web.fake_api import (
    DAY,
    EVIDENCE,
    IDS,
    OFFICE,
    PROVINCE,
    FakeApi,
    attendance_day,
    check_in,
    connection,
    counts,
    employee,
    reason,
    supervisor,
)

Browser = Callable[..., TestClient]
EVIL = "<img src=x onerror=alert(1)>\"'&{{7*7}}"


def evil_everywhere(api: FakeApi) -> None:
    """Whatever a person can write, or a directory can hold, carries markup."""
    place = {**OFFICE, "name": EVIL}
    unit = {**PROVINCE, "name": EVIL}
    who = employee("budi", EVIL, unit, nip=EVIL, position=EVIL, supervisor={"name": EVIL})
    why = [reason(level, EVIL, EVIL) for level in ("INFO", "FLAG", "REVIEW", "REFUSE")]
    decided = {
        "decision": "CONFIRM",
        "reason": EVIL,
        "at": f"{DAY}T01:00:00+00:00",
        "reviewer": {"name": EVIL},
    }
    more = {"reasons": why, "review": decided, "receipt": EVIL, "contestReason": EVIL, "canReview": True}
    found = check_in(
        who, "REVIEW", contestedAt=f"{DAY}T01:00:00+00:00", location=place, evidence=EVIDENCE, **more
    )
    api.data = {
        "me": supervisor(
            employee={**who, "id": IDS["siti"]},
            recentCheckIns=[found],
            duty=[{"id": IDS["agency"], "validUntil": DAY, "location": place}],
            agency={"id": IDS["agency"], "name": EVIL, "shortName": EVIL},
            sessions=[
                {
                    "id": IDS["session"],
                    "lastSeenAt": f"{DAY}T00:00:00+00:00",
                    "device": EVIL,
                    "current": False,
                }
            ],
            apiTokens=[
                {"id": IDS["token"], "name": EVIL, "lastUsedAt": None, "expiresAt": f"{DAY}T00:00:00+00:00"}
            ],
            consent={"text": EVIL, "version": EVIL, "givenAt": None, "current": False},
        ),
        "unit": unit,
        "attendanceCounts": counts(total=1),
        "siteDisturbances": [{"location": {"name": EVIL}}],
        "attendance": connection([attendance_day(who, "IN", checkInId=found["id"])], end=EVIL),
        "checkIn": found,
        "checkIns": connection([found], end=EVIL),
        "units": connection([unit], end=EVIL),
    }


@pytest.mark.parametrize(
    "path",
    [
        "/today",
        "/account",
        "/enrol",
        "/check-in",
        f"/live/{IDS['province']}",
        f"/live/{IDS['province']}/rows",
        "/live/units",
        "/check-ins",
        f"/check-ins/{IDS['check_in']}",
        f"/check-ins/{IDS['check_in']}/verdict",
    ],
)
@pytest.mark.parametrize("language", ["id", "en"])
def test_what_people_write_stays_text(browser: Browser, api: FakeApi, path: str, language: str) -> None:
    evil_everywhere(api)
    page = browser(language=language).get(path, params={"search": EVIL, "done": EVIL, "kind": EVIL})
    assert page.status_code == 200
    assert "&lt;img src=x" in page.text
    found = Attributes()
    found.feed(page.text)
    assert "onerror" not in found.names
    assert "x" not in found.sources
    assert "&amp;49" not in page.text, "a template was rendered twice"


class Attributes(HTMLParser):
    """Names of all attributes and sources of all pictures, as a browser would read them."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.sources: set[str | None] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names |= {name for name, _ in attrs}
        self.sources |= {value for name, value in attrs if name == "src"}
