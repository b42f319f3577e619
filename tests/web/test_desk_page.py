"""The desk's pages: whom they find, what they send, and what they keep when something is missing."""

import re
from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

from tests.web.conftest import SECRET, TOKEN
from tests.web.fake_api import (
    BUDI,
    DAY,
    IDS,
    SITI,
    FakeApi,
    attendance_day,
    check_in,
    connection,
    counts,
    me,
    problem,
    supervisor,
)
from web import session

Browser = Callable[..., TestClient]
BY_HAND = {"reason": "No phone at hand", "recorder": SITI}
CONTACT = {"name": "Rina Lestari", "position": "Arsiparis", "office": "Kantor Wilayah"}
PERSON = f"/desk/{IDS['budi']}"

NOT_AGREED = {"text": "T", "version": "1", "givenAt": None, "current": False}


def filled(api: FakeApi, **answers: Any) -> None:
    api.data = {
        "me": supervisor(),
        "employee": BUDI,
        "attendanceDay": attendance_day(BUDI, "IN", inAt=f"{DAY}T00:24:00+00:00"),
        "checkIns": connection([check_in(BUDI, byHand=BY_HAND)]),
        **answers,
    }


def post(client: TestClient, path: str, **fields: str) -> Any:
    return client.post(
        path, data={**fields, "csrf": session.csrf_token(TOKEN, SECRET)}, follow_redirects=False
    )


def test_the_desk_finds_people_of_its_units_and_lists_what_was_recorded(
    browser: Browser, api: FakeApi
) -> None:
    sought: list[dict[str, Any]] = []

    def employees(**given: Any) -> dict[str, Any]:
        sought.append(given)
        return connection([BUDI])

    filled(api, employees=employees)
    page = browser(language="en").get("/desk?search=2001&unit=somebody-elses").text
    assert sought == [{"first": 20, "after": None, "unitId": IDS["province"], "search": "2001"}]
    assert f'href="{PERSON}"' in page
    assert "Recorded by Siti Rahmawati: “No phone at hand”" in page


def test_who_may_not_record_finds_no_desk(browser: Browser, api: FakeApi) -> None:
    filled(api, me=me())
    client = browser()
    assert client.get("/desk").status_code == 403
    assert client.get(PERSON).status_code == 403


def test_nobody_is_offered_a_form_for_himself(browser: Browser, api: FakeApi) -> None:
    filled(api, employee=SITI)
    assert browser().get(f"/desk/{IDS['siti']}").status_code == 404


def test_the_form_sends_what_was_chosen_once(browser: Browser, api: FakeApi) -> None:
    sent: list[dict[str, Any]] = []

    def record(input: dict[str, Any]) -> dict[str, Any]:
        sent.append(input)
        return {"__typename": "PresenceRecorded", "checkIn": check_in(BUDI), "repeated": False}

    filled(api, recordPresence=record)
    client = browser(language="en")
    form = client.get(PERSON).text
    assert re.search(r'value="OUT" checked', form), "who is present is about to go"
    [key] = re.findall(r'name="key" value="(\w{32})"', form)
    given = {"kind": "OUT", "why": "No phone at hand", "details": "left at home", "key": key}
    answer = post(client, PERSON, **given, photograph="desk/k")
    assert (answer.status_code, answer.headers["location"]) == (303, "/desk?done=1")
    assert sent == [
        {
            "employeeId": IDS["budi"],
            "kind": "OUT",
            "reason": "No phone at hand: left at home",
            "photograph": "desk/k",
            "idempotencyKey": key,
        }
    ]


def test_what_was_typed_and_taken_is_kept_when_something_is_missing(browser: Browser, api: FakeApi) -> None:
    filled(api, recordPresence=problem("InvalidInput"))
    given = {"kind": "IN", "why": "", "details": "He has lost <it>", "key": "k" * 32, "photograph": "desk/k"}
    answer = post(browser(language="en"), PERSON, **given)
    assert answer.status_code == 422
    assert "InvalidInput!" in answer.text
    assert "He has lost &lt;it&gt;</textarea>" in answer.text
    assert 'value="desk/k"' in answer.text
    assert f'name="key" value="{"k" * 32}"' in answer.text
    assert '<option value="" selected>' in answer.text


def test_today_says_who_recorded_it_and_how_to_contest(browser: Browser, api: FakeApi) -> None:
    api.data = {
        "me": me(recentCheckIns=[check_in(SITI, byHand={**BY_HAND, "recorder": BUDI}, canContest=True)])
    }
    page = browser(language="en").get("/today").text
    assert "Recorded by Budi Santoso: “No phone at hand”" in page
    assert "/contest" in page


def test_who_does_without_is_led_to_the_desk(browser: Browser, api: FakeApi) -> None:
    since = f"{DAY}T00:00:00+00:00"
    objecting = {**SITI, "enrolment": "NONE", "objectedAt": since}
    api.data = {"me": me(objecting, deskContacts=[CONTACT])}
    client = browser(language="en")
    for path in ("/today", "/enrol"):
        page = client.get(path).text
        assert "Rina Lestari" in page
        assert 'class="big-button"' not in page
        assert "/enrol/consent" not in page
    assert "/enrol/objection/end" in page


def test_the_choice_stands_beside_the_consent(browser: Browser, api: FakeApi) -> None:
    asked: list[str] = []
    api.data = {
        "me": me({**SITI, "enrolment": "NONE"}, consent=NOT_AGREED),
        "objectToBiometrics": lambda: asked.append("object") or {"since": f"{DAY}T00:00:00+00:00"},
        "takeBackObjection": lambda: asked.append("take back") or {"at": f"{DAY}T00:00:00+00:00"},
    }
    client = browser()
    page = client.get("/enrol").text
    assert "Saya memilih tidak memakai pengenalan wajah" in page
    for path in ("/enrol/objection", "/enrol/objection/end"):
        assert post(client, path).headers["location"] == "/enrol"
    assert asked == ["object", "take back"]


def test_check_in_names_whom_to_ask(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": me(deskContacts=[CONTACT])}
    assert "Rina Lestari" in browser().get("/check-in").text


def test_the_wall_marks_it_and_leads_to_the_desk(browser: Browser, api: FakeApi) -> None:
    api.data = {
        "me": supervisor(),
        "unit": {**BUDI["unit"]},
        "attendanceCounts": counts(byHand=7),
        "siteDisturbances": [],
        "attendance": connection([attendance_day(BUDI, "IN", byHand=True)]),
    }
    page = browser(language="en").get(f"/live/{IDS['makassar']}?filter=BY_HAND").text
    assert '<span id="n-BY_HAND">7</span>' in page
    assert 'data-tags="IN BY_HAND"' in page
    assert 'href="/desk"' in page
    assert "filter: BY_HAND" in str(api.asked) or "'filter': 'BY_HAND'" in str(api.asked)
