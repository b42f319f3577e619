"""The personnel section's pages and the auditor's: who opens them, what they ask, and what is shown once."""

from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

from tests.web.conftest import SECRET, TOKEN
from tests.web.fake_api import BUDI, DAY, IDS, SITI, FakeApi, connection, me, problem
from web import session

Browser = Callable[..., TestClient]
PERSON = f"/people/{IDS['budi']}"
RIGHTS = ["accounts.manage", "audit.read"]
ENTRY = {
    "id": IDS["session"],
    "at": f"{DAY}T00:24:00+00:00",
    "action": "photograph.look",
    "object": f"frames/{IDS['check_in']}/0",
    "actor": BUDI,
    "subject": SITI,
}


def post(client: TestClient, path: str, **fields: str) -> Any:
    given = {**fields, "csrf": session.csrf_token(TOKEN, SECRET)}
    return client.post(path, data=given, follow_redirects=False)


def test_only_who_may_opens_these_pages(browser: Browser, api: FakeApi) -> None:
    api.data = {
        "me": me(),
        "employees": connection([BUDI]),
        "employee": BUDI,
        "auditTrail": connection([ENTRY]),
    }
    for path in ("/people", PERSON, "/audit"):
        assert browser().get(path).status_code == 403


def test_people_are_found_with_their_roles_and_state(browser: Browser, api: FakeApi) -> None:
    known = {**BUDI, "roles": ["SUPERVISOR"], "objectedAt": f"{DAY}T00:00:00+00:00"}
    api.data = {"me": me(permissions=RIGHTS), "employees": connection([known], end="next page")}
    page = browser(language="en").get("/people?search=2001").text
    assert api.asked[-1]["variables"] == {"search": "2001", "after": None}
    assert "Supervisor" in page
    assert "Does without face recognition" in page
    assert "after=next%20page" in page


def test_a_one_time_password_is_shown_once_and_kept_nowhere(browser: Browser, api: FakeApi) -> None:
    given = {
        "__typename": "PasswordReset",
        "password": "abcd-efgh-jkmn",
        "expiresAt": f"{DAY}T00:00:00+00:00",
    }
    api.data = {"me": me(permissions=RIGHTS), "employee": BUDI, "resetPassword": given}
    client = browser(language="en")
    answer = post(client, f"{PERSON}/password")
    assert answer.status_code == 200
    assert "abcd-efgh-jkmn" in answer.text
    assert "no-store" in answer.headers["cache-control"]
    assert "abcd-efgh-jkmn" not in client.get(PERSON).text
    api.data["resetPassword"] = problem("NotAllowed")
    refused = post(client, f"{PERSON}/password")
    assert (refused.status_code, "NotAllowed!" in refused.text) == (422, True)


def test_nobody_is_offered_a_password_for_himself(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": me(permissions=RIGHTS), "employee": SITI}
    assert "/password" not in browser().get(f"/people/{IDS['siti']}").text


def test_a_one_time_password_leads_to_one_of_ones_own(browser: Browser, api: FakeApi) -> None:
    sent: list[dict[str, Any]] = []

    def login(input: dict[str, Any]) -> dict[str, Any]:
        sent.append(input)
        if not input["newPassword"]:
            return problem("PasswordMustChange", code="PASSWORD_MUST_CHANGE")
        return {"__typename": "LoginDone", "token": "t", "expiresAt": "2099-01-01T00:00:00+00:00"}

    api.data = {"login": login}
    client = browser(signed_in=False)
    page = client.get("/login").text
    token = page.split('name="csrf" value="')[1].split('"')[0]
    asked = client.post("/login", data={"csrf": token, "nip": "1", "password": "abcd"})
    assert (asked.status_code, 'name="new"' in asked.text) == (422, True)
    assert 'name="new"' not in page
    given = {"csrf": token, "nip": "1", "password": "abcd", "new": "a sentence of my own"}
    done = client.post("/login", data=given, follow_redirects=False)
    assert done.status_code == 303
    assert sent[-1]["newPassword"] == "a sentence of my own"


def test_the_trail_is_narrowed_and_leads_to_the_check_in(browser: Browser, api: FakeApi) -> None:
    api.data = {
        "me": me(permissions=RIGHTS),
        "auditTrail": connection([ENTRY], end="x"),
        "employees": connection([BUDI]),
        "employee": BUDI,
    }
    client = browser(language="en")
    address = f"/audit?by={IDS['budi']}&action=photograph.look&from=2026-11-01&until=2026-11-30"
    page = client.get(address).text
    asked = next(call for call in api.asked if "auditTrail" in call["query"])["variables"]
    assert asked == {
        "by": IDS["budi"],
        "of": None,
        "action": "photograph.look",
        "from": "2026-11-01",
        "until": "2026-11-30",
        "after": None,
    }
    assert f'href="/check-ins/{IDS["check_in"]}"' in page
    assert "What Budi Santoso did" in page
    assert "concerning Siti Rahmawati" in page
    found = client.get("/audit?who=budi&action=photograph.look").text
    assert f"/audit?by={IDS['budi']}&amp;action=photograph.look" in found


def test_what_cannot_be_meant_is_left_out(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": me(permissions=RIGHTS), "auditTrail": connection([])}
    answer = browser().get("/audit?by=everybody&action=<b>&from=yesterday&until=2026-02-31")
    assert answer.status_code == 200
    assert {value for name, value in api.asked[0]["variables"].items()} == {None}
