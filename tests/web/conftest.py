from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from starlette.testclient import TestClient

from tests.web.fake_api import FakeApi
from web.app import create_app
from web.options import WebOptions

SECRET = b"a secret of thirty-two bytes, yes"
TOKEN = "session-token-of-siti"


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def browser(api: FakeApi) -> Callable[..., TestClient]:
    """A browser on our pages; `signed_in` and `options` as given."""

    def open_browser(*, signed_in: bool = True, language: str = "id", **options: object) -> TestClient:
        given = {"base_url": "http://testserver", "secret": SECRET, "cookie_secure": False, **options}
        app = create_app(api.execute, api.subscribe, WebOptions(**given))  # type: ignore[arg-type]
        client = TestClient(
            app, base_url=str(given["base_url"]), follow_redirects=False, raise_server_exceptions=False
        )
        prefix = "__Host-" if given["cookie_secure"] else ""
        host = urlsplit(str(given["base_url"])).netloc
        domain = host if "." in host else f"{host}.local"  # as the client's cookie jar names it
        client.cookies.set(f"{prefix}hadir_lang", language, domain=domain)
        if signed_in:
            client.cookies.set(f"{prefix}hadir_session", TOKEN, domain=domain)
        return client

    return open_browser
