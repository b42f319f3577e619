from collections.abc import Callable

import pytest
from graphql import GraphQLError
from starlette.testclient import TestClient

from tests.web.fake_api import FakeApi, me, refused

Browser = Callable[..., TestClient]


def policy(answer: object) -> dict[str, str]:
    text = answer.headers["content-security-policy"]  # type: ignore[attr-defined]
    return {name: rest for name, _, rest in (rule.partition(" ") for rule in text.split("; "))}


@pytest.mark.parametrize(
    "path", ["/login", "/today", "/nothing", "/static/hadir.css", "/static/nothing", "/"]
)
def test_every_answer_carries_the_headers(browser: Browser, api: FakeApi, path: str) -> None:
    api.data = {"me": me()}
    found = browser().get(path).headers
    assert found["x-content-type-options"] == "nosniff"
    assert found["referrer-policy"] == "same-origin"
    assert found["cross-origin-opener-policy"] == "same-origin"
    assert found["permissions-policy"].startswith("camera=(self), geolocation=(self)")
    assert "default-src 'none'" in found["content-security-policy"]


def test_the_policy_lets_nothing_in_but_our_files(browser: Browser) -> None:
    assert policy(browser().get("/login")) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' blob: data:",
        "connect-src": "'self'",
        "media-src": "blob:",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }


def test_the_photograph_store_may_be_written_to_and_shown(browser: Browser) -> None:
    rules = policy(browser(upload_origin="https://store.example").get("/login"))
    assert rules["connect-src"] == "'self' https://store.example"
    assert rules["img-src"] == "'self' blob: data: https://store.example"
    assert rules["script-src"] == "'self'"


def test_transport_security_over_https_only(browser: Browser) -> None:
    assert "strict-transport-security" not in browser().get("/login").headers
    secure = browser(cookie_secure=True, base_url="https://hadir.example")
    assert secure.get("/login").headers["strict-transport-security"] == "max-age=31536000"


def test_pages_are_kept_by_nobody_and_named_files_by_everybody(browser: Browser, api: FakeApi) -> None:
    api.data = {"me": me()}
    client = browser()
    page = client.get("/today")
    assert page.headers["cache-control"] == "no-store"
    address = page.text.split('rel="stylesheet" href="')[1].split('"')[0]
    assert client.get(address).headers["cache-control"] == "public, max-age=31536000, immutable"
    assert client.get(address.split("?")[0]).headers["cache-control"] == "no-cache"
    named = client.get(address)
    assert client.get(address, headers={"if-none-match": named.headers["etag"]}).status_code == 304


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/..%2fapp.py", "/static/", "/static/vendor"])
def test_only_files_of_the_folder_are_served(browser: Browser, path: str) -> None:
    assert browser().get(path).status_code == 404


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (refused("NOT_ALLOWED"), 403, "said NOT_ALLOWED"),
        (refused("UNAVAILABLE"), 503, "said UNAVAILABLE"),
        (refused("INTERNAL"), 500, "said INTERNAL"),
        (GraphQLError("KeyError: secret"), 500, None),
    ],
)
def test_errors_of_the_api_become_pages_that_say_what_to_do(
    browser: Browser, api: FakeApi, answer: GraphQLError, status: int, said: str | None
) -> None:
    api.data = {"me": answer}
    found = browser(language="en").get("/today")
    assert found.status_code == status
    assert 'href="/today"' in found.text
    if said:
        assert said in found.text


async def _broken(*_: object, **__: object) -> dict[str, object]:
    raise RuntimeError("a surprise with a secret in it")


def test_a_surprise_is_told_without_its_text(
    browser: Browser, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "execute", _broken)
    found = browser(language="en").get("/today")
    assert found.status_code == 500
    assert "surprise" not in found.text
    assert "Nothing that was accepted is lost" in found.text
    assert found.headers["x-content-type-options"] == "nosniff"


def test_a_large_body_is_refused_before_it_is_read(browser: Browser, api: FakeApi) -> None:
    answer = browser().post("/check-in/submit", content=b"x" * 70_000, headers={"accept": "application/json"})
    assert answer.status_code in (403, 413)
    assert api.asked == []
