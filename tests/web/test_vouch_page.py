"""Registrations that wait for a person's word: who sees them, what is sent, and what comes back refused."""

from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

from tests.web.conftest import SECRET, TOKEN
from tests.web.fake_api import BUDI, DAY, IDS, SITI, FakeApi, connection, me, problem
from web import session

Browser = Callable[..., TestClient]
PATH = f"/enrolments/{IDS['check_in']}"


def waiting() -> dict[str, Any]:
    photos = [
        {"position": number, "photo": {"url": f"/photo/{number}", "largeUrl": "/photo/large"}}
        for number in range(2)
    ]
    return {
        "id": IDS["check_in"],
        "createdAt": f"{DAY}T00:24:00+00:00",
        "employee": SITI,
        "photos": photos,
        "search": {"threshold": 0.55, "needsHr": False, "likenesses": None},
    }


def given(**more: Any) -> dict[str, Any]:
    return {"me": me(permissions=["enrolment.vouch"]), "enrolments": connection([waiting()]), **more}


def send(client: TestClient, **fields: str) -> Any:
    return client.post(PATH, data={**fields, "csrf": session.csrf_token(TOKEN, SECRET)})


def test_who_waits_is_shown_with_the_photographs(browser: Browser, api: FakeApi) -> None:
    api.data = given()
    page = browser().get("/enrolments").text
    for shown in (SITI["name"], SITI["unit"]["name"], 'src="/photo/0"', 'src="/photo/1"', f'action="{PATH}"'):
        assert shown in page
    api.data = given(enrolments=connection([], None))
    assert '<form method="post" action="/enrolments' not in browser().get("/enrolments").text


def test_without_the_right_there_is_no_such_page(browser: Browser, api: FakeApi) -> None:
    api.data = {**given(), "me": me(permissions=["attendance.review"])}
    answer = browser().get("/enrolments")
    assert answer.status_code == 403
    assert "/photo/0" not in answer.text


def test_the_word_is_handed_on_as_it_was_given(browser: Browser, api: FakeApi) -> None:
    heard: list[Any] = []

    def vouch(input: dict[str, Any]) -> dict[str, Any]:
        heard.append(input)
        return {"__typename": "EnrolmentVouched"}

    api.data = given(vouchEnrolment=vouch)
    for decision in ("CONFIRM", "REFUSE"):
        answer = send(browser(), decision=decision, reason="as in the file")
        assert answer.headers["location"] == f"/enrolments?done={decision.lower()}"
        assert heard[-1] == {"id": IDS["check_in"], "decision": decision, "reason": "as in the file"}


def test_who_else_is_registered_with_the_face_is_named_to_hr_and_leaves_others_nothing_to_press(
    browser: Browser, api: FakeApi
) -> None:
    found = [{"employee": BUDI}, {"employee": None}]
    for likenesses, form in ((found, True), (None, False)):
        search = {"threshold": 0.55, "needsHr": True, "likenesses": likenesses}
        api.data = given(enrolments=connection([{**waiting(), "search": search}]))
        page = browser().get("/enrolments").text
        assert (BUDI["name"] in page, f'action="{PATH}"' in page) == (form, form)
    api.data = given(
        enrolments=connection([{**waiting(), "search": {**search, "needsHr": False, "threshold": None}}])
    )
    assert "Belum dapat diperiksa" in browser().get("/enrolments").text


def test_what_was_typed_stands_again_when_it_is_refused(browser: Browser, api: FakeApi) -> None:
    api.data = given(vouchEnrolment=problem("InvalidInput"))
    answer = send(browser(), decision="CONFIRM", reason="ya")
    assert answer.status_code == 422
    assert "InvalidInput!" in answer.text
    assert ">ya</textarea>" in answer.text


def test_the_person_reads_that_it_waits_and_who_refused(browser: Browser, api: FakeApi) -> None:
    consent = {"text": "Satu.", "version": "1", "givenAt": f"{DAY}T00:24:00+00:00", "current": True}
    enrolment = {"id": IDS["check_in"], "state": "AWAITING", "vouching": None, "photos": []}
    api.data = {"me": me({**SITI, "enrolment": "AWAITING"}, consent=consent, enrolment=enrolment)}
    page = browser().get("/enrol").text
    assert "menunggu pengesahan" in page
    assert "bagian kepegawaian" in page
    word = {"decision": "REFUSE", "reason": "Bukan orangnya.", "voucher": {"name": "Budi"}}
    refused = {**enrolment, "state": "REFUSED", "vouching": word}
    api.data = {"me": me({**SITI, "enrolment": "REFUSED"}, consent=consent, enrolment=refused)}
    page = browser().get("/enrol").text
    assert "Bukan orangnya." in page
    assert "Budi" in page
