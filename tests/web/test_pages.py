import re
from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import SECRET, TOKEN
from tests.web.fake_api import (
    BUDI,
    DAY,
    IDS,
    OFFICE,
    PROVINCE,
    SITI,
    FakeApi,
    attendance_day,
    check_in,
    connection,
    counts,
    employee,
    me,
    problem,
    reason,
    supervisor,
)
from web import session

Browser = Callable[..., TestClient]
EVIL = "<img src=x onerror=alert(1)>\"'&{{7*7}}"
EVIDENCE = {
    "face": {
        "similarity": 0.71,
        "threshold": 0.47,
        "matched": True,
        "liveness": None,
        "livenessThreshold": 0.8,
        "modelId": "pack-1",
        "livenessModelId": None,
    },
    "position": {
        "result": "UNCERTAIN",
        "distanceMetres": 64.2,
        "accuracyMetres": 85.0,
        "speedKmh": None,
        "location": OFFICE,
        "fixes": [
            {
                "latitude": -6.2004,
                "longitude": 106.8003,
                "accuracyMetres": 85.0,
                "time": f"{DAY}T00:24:00+00:00",
            }
        ],
    },
    "frames": [{"url": "/photo/frame"}],
    "template": {"url": "/photo/template"},
}


def script_call(client: TestClient, path: str, body: object) -> object:
    token = session.csrf_token(TOKEN, SECRET)
    return client.post(path, json=body, headers={"x-csrf-token": token, "accept": "application/json"})


def form_call(client: TestClient, path: str, **fields: str) -> object:
    return client.post(path, data={**fields, "csrf": session.csrf_token(TOKEN, SECRET)})


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
            consent={"text": EVIL, "version": EVIL, "givenAt": None},
        ),
        "unit": unit,
        "attendanceCounts": counts(total=1),
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


def test_today_offers_what_fits_the_state(browser: Browser, api: FakeApi) -> None:
    client = browser()
    api.data = {"me": me(today=attendance_day(SITI))}
    assert 'class="big-button" href="/check-in?kind=IN"' in client.get("/today").text
    api.data = {"me": me(today=attendance_day(SITI, "IN", inAt=f"{DAY}T00:24:00+00:00", lateMinutes=12))}
    page = client.get("/today").text
    assert 'class="big-button" href="/check-in?kind=OUT"' in page
    assert "07.24" in page
    assert "Terlambat 12 menit" in page
    api.data = {"me": me({**SITI, "enrolment": "NONE"})}
    assert 'class="big-button" href="/enrol"' in client.get("/today").text


def test_today_shows_reasons_and_how_to_contest(browser: Browser, api: FakeApi) -> None:
    why = [reason("FLAG", "Posisi kira-kira.", "Nyalakan lokasi.")]
    api.data = {"me": me(recentCheckIns=[check_in(SITI, "FLAGGED", reasons=why, canContest=True)])}
    page = browser().get("/today").text
    assert "Posisi kira-kira." in page
    assert "Nyalakan lokasi." in page
    assert f'action="/check-ins/{IDS["check_in"]}/contest"' in page


@pytest.mark.parametrize(
    ("rights", "seen"),
    [
        ([], set()),
        (["attendance.watch"], {"/live"}),
        (["attendance.watch", "attendance.review"], {"/live", "/check-ins"}),
    ],
)
def test_the_navigation_offers_what_one_may_open(
    browser: Browser, api: FakeApi, rights: list[str], seen: set[str]
) -> None:
    api.data = {"me": me(permissions=rights)}
    nav = browser().get("/account").text.split("<nav")[1].split("</nav>")[0]
    assert set(re.findall(r'href="(/[a-z-]+)"', nav)) == {"/today", "/account"} | seen


def test_check_in_asks_for_enrolment_first(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": me({**SITI, "enrolment": "NONE"})}
    assert browser().get("/check-in").headers["location"] == "/enrol"


def test_the_check_in_page_is_light(browser: Browser, api: FakeApi) -> None:
    """At most 60 KB compressed and 8 requests, with everything it loads."""
    api.data = {"me": me()}
    client = browser()
    page = client.get("/check-in")
    files = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text))
    sizes = {path: len(packed(client, path)) for path in {"/check-in", *files}}
    assert len(sizes) <= 8, sizes
    assert sum(sizes.values()) <= 60_000, sizes
    imported = {
        name for path in files if path.split("?")[0].endswith(".js") for name in imports(client, path)
    }
    assert imported <= files, "a module that is not announced costs another round trip"


def packed(client: TestClient, path: str) -> bytes:
    with client.stream("GET", path, headers={"accept-encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        return b"".join(answer.iter_raw())


def imports(client: TestClient, path: str) -> list[str]:
    return ["/static/" + name for name in re.findall(r'from "\./([^"]+)"', client.get(path).text)]


@pytest.mark.parametrize(
    ("agent", "inside", "way_out"),
    [
        (
            "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36",
            False,
            False,
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; SM-A155F; wv) AppleWebKit/537.36 Version/4.0 Chrome/130 Mobile",
            True,
            True,
        ),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 Instagram 350.0", True, False),
        ("Mozilla/5.0 (iPhone) AppleWebKit/605 Mobile/15E148 [FBAN/FBIOS;FBAV/480.0]", True, False),
        ("Mozilla/5.0 (Linux; Android 13) Chrome/120 Mobile Safari/537.36 Line/14.1", True, True),
        ("Mozilla/5.0 (Linux; Android 13) Chrome/120 Mobile Safari/537.36 WhatsApp/2.24", True, True),
    ],
)
@pytest.mark.parametrize("path", ["/check-in", "/enrol?again=1"])
def test_inside_another_app_the_page_says_how_to_leave_it(
    browser: Browser, api: FakeApi, agent: str, inside: bool, way_out: bool, path: str
) -> None:
    api.data = {"me": me()}
    page = browser().get(path, headers={"user-agent": agent}).text
    assert ('id="inside-app"' in page) is inside
    assert ("package=com.android.chrome" in page) is way_out
    assert "<noscript>" in page


def test_start_and_submit_speak_json_with_the_page(browser: Browser, api: FakeApi) -> None:
    started = {
        "__typename": "CheckInStart",
        "nonce": "n",
        "expiresAt": f"{DAY}T00:30:00+00:00",
        "serverTime": f"{DAY}T00:24:00+00:00",
        "kind": "IN",
        "challenge": [],
        "uploads": [],
    }
    accepted = {"__typename": "CheckInAccepted", "repeated": False, "checkIn": check_in(SITI, "PENDING")}
    api.data = {"startCheckIn": started}
    client = browser()
    assert script_call(client, "/check-in/start", {"kind": "IN"}).json()["nonce"] == "n"  # type: ignore[attr-defined]
    api.data = {"checkIn": accepted}
    answer = script_call(client, "/check-in/submit", SUBMISSION).json()  # type: ignore[attr-defined]
    assert answer["href"] == f"/check-ins/{IDS['check_in']}"
    assert f'hx-sse:connect="/check-ins/{IDS["check_in"]}/events"' in answer["html"]
    assert api.asked[-1]["variables"]["input"] == SUBMISSION


SUBMISSION = {
    "nonce": "n",
    "frames": ["k"],
    "fixes": [{"latitude": -6.2, "longitude": 106.8, "accuracyMetres": 22.0, "time": f"{DAY}T00:24:00Z"}],
    "idempotencyKey": "0123456789abcdef",
    "deviceKind": "PHONE",
}


@pytest.mark.parametrize(("name", "href"), [("NonceUnusable", None), ("UploadMissing", None)])
def test_a_refused_submission_carries_its_sentence(
    browser: Browser, api: FakeApi, name: str, href: str | None
) -> None:
    api.data = {"checkIn": problem(name)}
    answer = script_call(browser(), "/check-in/submit", SUBMISSION)
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert answer.json()["problem"]["message"] == f"{name}!"  # type: ignore[attr-defined]
    assert answer.json()["href"] is href  # type: ignore[attr-defined]


def test_one_who_is_not_enrolled_is_led_to_enrolment(browser: Browser, api: FakeApi) -> None:
    api.data = {"startCheckIn": {**problem("NotEnrolled"), "code": "NOT_ENROLLED"}}
    assert script_call(browser(), "/check-in/start", {"kind": "IN"}).json()["href"] == "/enrol"  # type: ignore[attr-defined]


@pytest.mark.parametrize("body", [[], "x", {"kind": "SIDEWAYS"}, {}])
def test_what_is_not_a_start_is_refused(browser: Browser, api: FakeApi, body: object) -> None:
    answer = script_call(browser(), "/check-in/start", body)
    assert answer.status_code == 400  # type: ignore[attr-defined]
    assert api.asked == []


def test_enrolment_asks_for_consent_before_it_shows_a_camera(browser: Browser, api: FakeApi) -> None:
    consent = {"text": "Satu.\n\nDua.", "version": "2026-11", "givenAt": None}
    api.data = {"me": me({**SITI, "enrolment": "NONE"}, consent=consent)}
    page = browser().get("/enrol").text
    assert "<p>Satu.</p><p>Dua.</p>" in page
    assert 'name="version" value="2026-11"' in page
    assert "<video" not in page
    assert "enrol.js" not in page


def test_enrolment_tells_each_photographs_verdict(browser: Browser, api: FakeApi) -> None:
    photos = [
        {"position": 0, "accepted": True, "reasons": []},
        {
            "position": 1,
            "accepted": False,
            "reasons": [reason("REFUSE", "Wajah terlalu dekat.", "Mundurlah sedikit.")],
        },
        {"position": 2, "accepted": None, "reasons": []},
    ]
    enrolment = {"id": IDS["enrolment"], "state": "PENDING", "photos": photos}
    api.data = {"me": me({**SITI, "enrolment": "PENDING"}, enrolment=enrolment)}
    page = browser().get("/enrol").text
    assert "Mundurlah sedikit." in page
    assert f'hx-sse:connect="/enrol/{IDS["enrolment"]}/events"' in page


def test_evidence_shows_scores_map_and_decision(browser: Browser, api: FakeApi) -> None:
    found = check_in(BUDI, "REVIEW", evidence=EVIDENCE, canReview=True)
    api.data = {"me": supervisor(), "checkIn": found, "checkIns": connection([])}
    page = browser(language="en").get(f"/check-ins/{IDS['check_in']}").text
    assert 'src="/photo/frame"' in page
    assert 'src="/photo/template"' in page
    assert "0.71; at least 0.47 is asked for" in page
    assert "Not checked" in page
    assert "64 m" in page
    assert "map-circle" in page
    assert f'action="/check-ins/{IDS["check_in"]}/review"' in page


def test_without_evidence_there_is_none(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": supervisor(), "checkIn": check_in(BUDI, "REVIEW"), "checkIns": connection([])}
    page = browser().get(f"/check-ins/{IDS['check_in']}").text
    assert "map-circle" not in page
    assert "/review" not in page


def test_a_record_one_may_not_see_is_not_there(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": me(), "checkIn": None}
    assert browser().get(f"/check-ins/{IDS['check_in']}").status_code == 404
    assert browser().get("/check-ins/not-an-id").status_code == 404


def test_a_decision_goes_with_its_reason(browser: Browser, api: FakeApi) -> None:
    api.data = {"reviewCheckIn": {"__typename": "CheckInReviewed"}}
    answer = form_call(
        browser(), f"/check-ins/{IDS['check_in']}/review", decision="REJECT", reason=" not there "
    )
    assert answer.headers["location"] == f"/check-ins/{IDS['check_in']}?done=reviewed"  # type: ignore[attr-defined]
    given = {"id": IDS["check_in"], "decision": "REJECT", "reason": "not there"}
    assert api.asked[-1]["variables"] == {"input": given}


def test_a_refused_decision_is_told_on_the_page(browser: Browser, api: FakeApi) -> None:
    api.data = {
        "me": supervisor(),
        "checkIn": check_in(BUDI, "REVIEW"),
        "checkIns": connection([]),
        "reviewCheckIn": problem("AlreadyDecided"),
    }
    answer = form_call(
        browser(), f"/check-ins/{IDS['check_in']}/review", decision="CONFIRM", reason="seen him"
    )
    assert answer.status_code == 422  # type: ignore[attr-defined]
    assert "AlreadyDecided!" in answer.text  # type: ignore[attr-defined]


def test_the_queue_is_for_reviewers(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": me(), "checkIns": connection([])}
    assert browser().get("/check-ins").status_code == 403
    api.data = {"me": supervisor(), "checkIns": connection([check_in(BUDI, "REVIEW")], end="abc=")}
    page = browser().get("/check-ins?state=NONSENSE")
    assert api.asked[-1]["variables"] == {"state": "REVIEW", "after": None}
    assert "after=abc%3D" in page.text


def test_a_token_is_shown_once_and_only_there(browser: Browser, api: FakeApi) -> None:
    made = {"__typename": "ApiTokenCreated", "token": "hadir_very_secret", "apiToken": {"name": "Rekap"}}
    api.data = {"me": me(), "createApiToken": made}
    client = browser()
    answer = form_call(client, "/account/tokens", name="Rekap", days="7000")
    assert "hadir_very_secret" in answer.text  # type: ignore[attr-defined]
    assert next(a for a in api.asked if "createApiToken" in a["query"])["variables"]["days"] == 90
    assert "hadir_very_secret" not in client.get("/account").text


def test_a_polled_verdict_says_nothing_until_there_is_one(browser: Browser, api: FakeApi) -> None:
    client = browser()
    api.data = {"checkIn": check_in(SITI, "PENDING")}
    assert client.get(f"/check-ins/{IDS['check_in']}/verdict").status_code == 204
    api.data = {"checkIn": check_in(SITI, "ACCEPTED")}
    answer = client.get(f"/check-ins/{IDS['check_in']}/verdict")
    assert "K7F2-M9QD" in answer.text
    assert answer.headers["hx-trigger"] == '{"settled":{"target":"#verdict"}}'
