import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import SECRET, TOKEN
from tests.web.fake_api import IDS, FakeApi, me, problem, refused
from web import session

Browser = Callable[..., TestClient]
#: Every address that changes something, with what an honest page sends there.
CHANGES = {
    "/login": {"nip": "198703122010012001", "password": "x"},
    "/logout": {},
    "/language": {"locale": "en", "next": "/today"},
    "/check-in/start": {"kind": "IN"},
    "/check-in/submit": {"nonce": "n"},
    "/enrol/consent": {"version": "1"},
    "/enrol/objection": {},
    f"/people/{IDS['budi']}/password": {},
    "/enrol/objection/end": {},
    f"/desk/{IDS['budi']}": {"kind": "IN", "why": "No phone", "key": "k" * 32},
    f"/desk/{IDS['budi']}/photograph": {},
    "/enrol/start": {"photos": 3},
    "/enrol/submit": {"uploads": ["k"]},
    f"/enrolments/{IDS['check_in']}": {"decision": "CONFIRM", "reason": "as in the file"},
    f"/check-ins/{IDS['check_in']}/review": {"decision": "CONFIRM", "reason": "seen"},
    f"/check-ins/{IDS['check_in']}/contest": {"reason": "I was there"},
    f"/account/sessions/{IDS['session']}/end": {},
    "/account/password": {"current": "the old one", "new": "a new sentence"},
    "/account/tokens": {"name": "x", "days": "90"},
    f"/account/tokens/{IDS['token']}/revoke": {},
    "/account/consent/withdraw": {},
    f"/faces/{IDS['check_in']}": {"accept": "yes"},
}


def good_token(seed: str = TOKEN) -> str:
    return session.csrf_token(seed, SECRET)


def test_the_list_of_changes_is_complete(browser: Browser) -> None:
    app = browser().app.app  # type: ignore[attr-defined]
    posts = {route.path for route in app.routes if "POST" in route.methods}
    listed = {re.sub(r"[0-9a-f-]{36}", "{id:uuid}", path) for path in CHANGES}
    assert posts == listed


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize("how", ["form", "multipart", "json", "text"])
def test_nothing_changes_without_the_token(browser: Browser, api: FakeApi, path: str, how: str) -> None:
    body = {
        "form": {"data": CHANGES[path]},
        "multipart": {"files": {"csrf": (None, good_token())}, "data": CHANGES[path]},
        "json": {"json": CHANGES[path]},
        "text": {"content": f"csrf={good_token()}", "headers": {"content-type": "text/plain"}},
    }[how]
    answer = browser().post(path, **body)  # type: ignore[arg-type]
    # Whoever is signed in and comes from an old login page is led on.
    assert answer.status_code == (303 if path == "/login" else 403)
    assert api.asked == []


@pytest.mark.parametrize("path", CHANGES)
@pytest.mark.parametrize(
    "sender",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver.evil.example"},
        {"origin": "http://testserver:81"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
    ],
)
def test_nothing_changes_from_another_site(
    browser: Browser, api: FakeApi, path: str, sender: dict[str, str]
) -> None:
    answer = browser().post(path, data=CHANGES[path], headers={**sender, "x-csrf-token": good_token()})
    assert answer.status_code == 403
    assert api.asked == []


@pytest.mark.parametrize("path", CHANGES)
def test_get_changes_nothing(browser: Browser, api: FakeApi, path: str) -> None:
    api.data = {"me": me()}
    assert browser().get(path, params={"csrf": good_token()}).status_code in (200, 303, 403, 404, 405)
    assert not any("mutation" in asked["query"] for asked in api.asked)


WRONG = {
    "none": "",
    "short": "x",
    "not base64": "ä",
    "anything": "A" * 88,
    "of another session": session.csrf_token("another session", SECRET),
    "signed by another secret": session.csrf_token(TOKEN, b"y" * 32),
}


@pytest.mark.parametrize("token", WRONG.values(), ids=WRONG.keys())
def test_a_wrong_token_is_refused(browser: Browser, api: FakeApi, token: str) -> None:
    assert browser().post("/logout", data={"csrf": token}).status_code == 403
    assert api.asked == []


def test_the_token_of_ones_own_page_is_taken(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": me(), "logout": True}
    client = browser()
    page = client.get("/account").text
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    headers = {"origin": "http://testserver", "sec-fetch-site": "same-origin"}
    answer = client.post("/logout", data={"csrf": found.group(1)}, headers=headers)
    assert (answer.status_code, answer.headers["location"]) == (303, "/login")
    assert "hadir_session" not in client.cookies


def test_tokens_differ_each_time_so_that_compression_tells_nothing() -> None:
    assert len({good_token() for _ in range(50)}) == 50


def signed_in(api: FakeApi, client: TestClient, wanted: str = "/today") -> dict[str, str]:
    expires = datetime.now(UTC) + timedelta(hours=12)
    api.data["login"] = {"__typename": "LoginDone", "token": "fresh", "expiresAt": expires.isoformat()}
    page = client.get("/login", params={"next": wanted}).text
    found = re.search(r'name="csrf" value="([^"]+)"', page)
    assert found
    form = {"csrf": found.group(1), "nip": "19870312 201001 2 001", "password": "secret ", "next": wanted}
    answer = client.post("/login", data=form)
    assert answer.status_code == 303
    return {
        "cookie": "\n".join(answer.headers.get_list("set-cookie")),
        "location": answer.headers["location"],
    }


def test_signing_in_sets_the_cookie_anew_and_drops_the_strangers(browser: Browser, api: FakeApi) -> None:
    client = browser(signed_in=False)
    answer = signed_in(api, client)
    session_cookie = next(line for line in answer["cookie"].split("\n") if line.startswith("hadir_session="))
    assert session_cookie.startswith("hadir_session=fresh; HttpOnly; Max-Age=")
    assert "SameSite=lax" in session_cookie
    assert "Path=/" in session_cookie
    assert "Secure" not in session_cookie
    assert 'hadir_stranger=""' in answer["cookie"]


def test_over_https_cookies_are_secure_and_bound_to_the_host(browser: Browser, api: FakeApi) -> None:
    client = browser(signed_in=False, cookie_secure=True, base_url="https://hadir.example")
    answer = signed_in(api, client)
    for line in answer["cookie"].split("\n"):
        assert line.startswith("__Host-hadir_")
        assert "Secure" in line
        assert "Domain" not in line


def test_a_planted_session_is_not_used_for_signing_in(browser: Browser, api: FakeApi) -> None:
    client = browser()
    signed_in(api, client)
    assert api.asked[-1]["token"] is None
    assert client.cookies["hadir_session"] == "fresh"


def test_the_nip_loses_its_spaces_and_the_password_keeps_them(browser: Browser, api: FakeApi) -> None:
    signed_in(api, browser(signed_in=False))
    given = api.asked[-1]["variables"]["input"]
    assert (given["nip"], given["password"]) == ("198703122010012001", "secret ")


def test_a_failed_login_says_why_beside_the_form(browser: Browser, api: FakeApi) -> None:
    client = browser(signed_in=False)
    token = re.search(r'name="csrf" value="([^"]+)"', client.get("/login").text)
    assert token
    api.data["login"] = problem("TooManyAttempts", retryAfterSeconds=30)
    answer = client.post("/login", data={"csrf": token.group(1), "nip": "1987<b>", "password": "geheim"})
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "30")
    assert "TooManyAttempts!" in answer.text
    assert 'value="1987&lt;b&gt;"' in answer.text
    assert "geheim" not in answer.text


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n//evil.example",
        "javascript:alert(1)",
        "today",
        "/login?next=/login",
        "/logout",
        "/" + "a" * 600,
        "",
        None,
    ],
)
def test_next_never_leads_away(wanted: str | None) -> None:
    assert session.safe_next(wanted) == "/today"


@pytest.mark.parametrize(
    "wanted", ["/live", "/check-ins?state=REVIEW&after=abc", f"/check-ins/{IDS['check_in']}"]
)
def test_next_leads_back(browser: Browser, api: FakeApi, wanted: str) -> None:
    assert signed_in(api, browser(signed_in=False), wanted)["location"] == wanted


def test_a_stranger_is_sent_to_the_login_and_comes_back(browser: Browser) -> None:
    answer = browser(signed_in=False).get("/check-ins?state=FLAGGED")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login?next=%2Fcheck-ins%3Fstate%3DFLAGGED"


@pytest.mark.parametrize("ended", [None, refused("SIGN_IN_REQUIRED")])
def test_an_ended_session_is_told_in_each_way_of_asking(
    browser: Browser, api: FakeApi, ended: object
) -> None:
    api.data = {"me": ended, "startCheckIn": refused("SIGN_IN_REQUIRED")}
    client = browser()
    assert client.get("/today").headers["location"] == "/login?next=%2Ftoday&ended=1"
    fragment = client.get(
        "/today", headers={"hx-request": "true", "hx-current-url": "http://testserver/live?filter=LATE"}
    )
    assert fragment.headers["hx-redirect"] == "/login?next=%2Flive%3Ffilter%3DLATE&ended=1"
    script = client.post(
        "/check-in/start",
        json={"kind": "IN"},
        headers={
            "x-csrf-token": good_token(),
            "accept": "application/json",
            "referer": "http://testserver/check-in",
        },
    )
    assert (script.status_code, script.json()) == (401, {"signIn": "/login?next=%2Fcheck-in&ended=1"})


CONTEST = f"/check-ins/{IDS['check_in']}/contest"


def from_page(path: str) -> dict[str, str]:
    return {"origin": "http://testserver", "referer": "http://testserver" + path}


def test_after_signing_out_in_another_tab_one_is_told_and_comes_back(browser: Browser, api: FakeApi) -> None:
    client = browser(signed_in=False)
    form = {"csrf": good_token(), "reason": "I was there"}
    answer = client.post(CONTEST, data=form, headers=from_page("/today?x=1"))
    assert answer.headers["location"] == "/login?next=%2Ftoday%3Fx%3D1&ended=1"
    assert api.asked == []
    login = client.get(answer.headers["location"]).text
    assert "Anda sudah keluar." in login
    assert 'name="next" value="/today?x=1"' in login


def test_a_link_of_an_old_page_tells_it_too_and_the_login_page_does_not(browser: Browser) -> None:
    client = browser(signed_in=False)
    assert client.get("/today", headers=from_page("/account")).headers["location"].endswith("&ended=1")
    assert client.get("/today", headers=from_page("/login")).headers["location"] == "/login?next=%2Ftoday"


def test_a_page_from_before_ones_present_session_leads_back_to_itself(browser: Browser, api: FakeApi) -> None:
    form = {"csrf": good_token("the session before"), "reason": "I was there"}
    answer = browser().post(CONTEST, data=form, headers=from_page("/check-ins?state=REVIEW"))
    assert answer.status_code == 403
    assert "Anda sudah masuk lagi" in answer.text
    assert 'class="button" href="/check-ins?state=REVIEW"' in answer.text
    assert api.asked == []


def test_signing_in_twice_in_two_tabs_leads_where_one_was_going(browser: Browser, api: FakeApi) -> None:
    form = {"csrf": good_token("a stranger"), "nip": "1", "password": "x", "next": "/account"}
    answer = browser().post("/login", data=form, headers=from_page("/login"))
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert api.asked == []


@pytest.mark.parametrize(
    ("path", "led"),
    [
        ("/live/", "/live"),
        ("/check-ins/?state=FLAGGED", "/check-ins?state=FLAGGED"),
        ("//evil.example/", "/today"),
        ("/\\evil.example/", "/%5Cevil.example"),
    ],
)
def test_a_slash_too_many_leads_to_this_very_site(browser: Browser, path: str, led: str) -> None:
    answer = browser().get("http://testserver" + path, headers={"host": "evil.example"})
    assert (answer.status_code, answer.headers["location"]) == (307, led)


def test_too_short_a_secret_is_refused(browser: Browser) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        browser(secret=b"short")
