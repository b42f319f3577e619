import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from tests.web.conftest import SECRET, TOKEN
from tests.web.fake_api import DAY, IDS, SITI, FakeApi, check_in, me, problem
from web import session

Browser = Callable[..., TestClient]


def script_call(client: TestClient, path: str, body: object) -> object:
    token = session.csrf_token(TOKEN, SECRET)
    return client.post(path, json=body, headers={"x-csrf-token": token, "accept": "application/json"})


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
    assert ("<noscript>" in page) is not inside, "one obstacle, one next step"


AGENTS = {
    "iPhone": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
    "CriOS": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) CriOS/130.0 Mobile/15E148 Safari/604.1",
    "Android": "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36",
    "desktop": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/130.0 Safari/537.36",
}


def test_each_kind_of_browser_has_its_own_next_step(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": me()}
    client = browser(language="en")
    steps = set()
    for agent in AGENTS.values():
        page = client.get("/check-in", headers={"user-agent": agent}).text
        found = re.search(r'data-say="camera-denied".*?class="next">([^<]+)<', page, re.DOTALL)
        assert found
        steps.add(found.group(1))
    assert len(steps) == len(AGENTS)


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
