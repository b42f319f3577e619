import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import SECRET, TOKEN
from tests.web.fake_api import (
    BUDI,
    DAY,
    EVIDENCE,
    IDS,
    SITI,
    FakeApi,
    attendance_day,
    check_in,
    connection,
    me,
    problem,
    reason,
    supervisor,
)
from web import session

Browser = Callable[..., TestClient]


def form_call(client: TestClient, path: str, **fields: str) -> object:
    return client.post(path, data={**fields, "csrf": session.csrf_token(TOKEN, SECRET)})


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


def test_today_and_the_verdict_offer_the_one_more_step(browser: Browser, api: FakeApi) -> None:
    asked = check_in(SITI, "REVIEW", canChallenge=True)
    api.data = {"me": me(recentCheckIns=[asked]), "checkIn": asked}
    for path in ("/today", f"/check-ins/{IDS['check_in']}"):
        assert f'href="/check-in?kind=IN&amp;after={IDS["check_in"]}"' in browser().get(path).text
    api.data = {"me": me(recentCheckIns=[check_in(SITI, "REVIEW")]), "checkIn": check_in(SITI, "REVIEW")}
    for path in ("/today", f"/check-ins/{IDS['check_in']}"):
        assert "after=" not in browser().get(path).text


def test_a_page_takes_no_other_check_in_s_name_than_an_identifier(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": me()}
    page = browser().get(f"/check-in?kind=IN&after={IDS['check_in']}").text
    assert f'data-after="{IDS["check_in"]}"' in page
    assert "data-after" not in browser().get("/check-in?kind=IN&after=%22%3E%3Cscript%3E").text


MOVES = {
    "asked": [{"kind": "TURN_LEFT", "seen": True}, {"kind": "BLINK", "seen": False}],
    "frames": [
        {"seconds": 0.0, "shows": "LOOK", "size": 0.3, "yaw": 2.0, "nose": 0.01, "eyes": 0.9, "alike": None,
         "likeness": None},
        {"seconds": 1.5, "shows": None, "size": None, "yaw": None, "nose": None, "eyes": None, "alike": None,
         "likeness": None},
    ],
}  # fmt: skip


def test_moves_are_shown_to_the_person_and_to_whoever_reviews(browser: Browser, api: FakeApi) -> None:
    found = check_in(SITI, "REVIEW", evidence={**EVIDENCE, "moves": MOVES})
    for who in (me(), supervisor(who=BUDI)):
        api.data = {"me": who, "checkIn": found, "checkIns": connection([])}
        page = browser(language="en").get(f"/check-ins/{IDS['check_in']}").text
        for word in ("Turns left", "Eyes closed", "Not seen", "Looks ahead", "Not known"):
            assert word in page


def test_what_was_replaced_leads_to_what_counts(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": me(), "checkIn": check_in(SITI, "SUPERSEDED", supersededBy=IDS["other_check_in"])}
    page = browser(language="en").get(f"/check-ins/{IDS['check_in']}").text
    assert "A later check-in took its place" in page
    assert f'href="/check-ins/{IDS["other_check_in"]}"' in page


@pytest.mark.parametrize(
    ("rights", "seen"),
    [
        ([], set()),
        (["attendance.watch"], {"/live"}),
        (["presence.record"], {"/desk"}),
        (["accounts.manage", "audit.read"], {"/people", "/audit"}),
        (["attendance.watch", "attendance.review"], {"/live", "/check-ins"}),
        (["enrolment.vouch"], {"/enrolments"}),
    ],
)
def test_the_navigation_offers_what_one_may_open(
    browser: Browser, api: FakeApi, rights: list[str], seen: set[str]
) -> None:
    api.data = {"me": me(permissions=rights)}
    nav = browser().get("/account").text.split("<nav")[1].split("</nav>")[0]
    assert set(re.findall(r'href="(/[a-z-]+)"', nav)) == {"/today", "/account"} | seen


def test_enrolment_asks_for_consent_before_it_shows_a_camera(browser: Browser, api: FakeApi) -> None:
    consent = {"text": "Satu.\n\nDua.", "version": "2026-11", "givenAt": None, "current": False}
    api.data = {"me": me({**SITI, "enrolment": "NONE"}, consent=consent)}
    page = browser().get("/enrol").text
    assert "<p>Satu.</p><p>Dua.</p>" in page
    assert 'name="version" value="2026-11"' in page
    assert "<video" not in page
    assert "enrol.js" not in page


@pytest.mark.parametrize("path", ["/enrol", "/enrol?again=1"])
def test_a_reason_that_is_the_same_for_all_photographs_is_said_once(
    browser: Browser, api: FakeApi, path: str
) -> None:
    dark = [reason("REFUSE", "Terlalu gelap.", "Hadap ke cahaya.")]
    photos = [{"position": at, "accepted": False, "reasons": dark} for at in range(3)]
    enrolment = {"id": IDS["enrolment"], "state": "REFUSED", "photos": photos}
    api.data = {"me": me({**SITI, "enrolment": "ACTIVE"}, enrolment=enrolment)}
    assert browser().get(path).text.count("Terlalu gelap.") == 1


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


def test_evidence_leads_to_the_check_in_that_a_photograph_repeats(browser: Browser, api: FakeApi) -> None:
    earlier = "0193d6a0-0000-7000-8000-00000000beef"
    link = f'<a href="/check-ins/{earlier}">'
    for resembles, shown in ((earlier, True), (None, False)):
        evidence = {**EVIDENCE, "face": {**EVIDENCE["face"], "resembles": resembles}}
        found = check_in(BUDI, "REVIEW", evidence=evidence, canReview=True)
        api.data = {"me": supervisor(), "checkIn": found, "checkIns": connection([])}
        assert (link in browser().get(f"/check-ins/{IDS['check_in']}").text) is shown


def test_both_photographs_stand_side_by_side_where_both_may_be_seen(browser: Browser, api: FakeApi) -> None:
    earlier = {
        "resembles": IDS["other_check_in"],
        "resemblesReceivedAt": f"{DAY}T00:02:00+00:00",
        "resemblesFrames": [{"url": "/photo/earlier", "largeUrl": "/photo/large/earlier"}],
    }
    for more, photographs, hidden in ((earlier, 1, False), ({"resemblesHidden": True}, 0, True)):
        evidence = {**EVIDENCE, "face": {**EVIDENCE["face"], **more}}
        api.data = {
            "me": supervisor(),
            "checkIn": check_in(BUDI, "REVIEW", evidence=evidence),
            "checkIns": connection([]),
        }
        page = browser().get(f"/check-ins/{IDS['check_in']}").text
        assert page.count('src="/photo/earlier"') == photographs
        assert page.count('src="/photo/frame"') == 1 + photographs
        assert ("yang tidak dapat Anda lihat" in page) is hidden


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
    assert api.asked[-1]["variables"] == {"state": None, "waiting": True, "after": None}
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
