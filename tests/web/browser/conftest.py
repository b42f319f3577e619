"""A real Chromium with a camera and a position of its own, and pages whose connection can fail."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.conftest import CHROMIUM
from tests.web.conftest import TOKEN
from tests.web.fake_api import FakeApi
from tests.web.real_server import Site, serve

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def site(api: FakeApi) -> Iterator[Site]:
    with serve(api) as site:
        yield site


@pytest.fixture
def visit(chromium: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """A signed-in page. Whatever the browser complains of, the content security policy above all, fails the test."""
    complaints: list[str] = []

    def note(message: Any) -> None:
        if re.search(r"Content.Security.Policy|Refused to|Uncaught|is not defined", message.text):
            complaints.append(message.text)

    with ExitStack() as stack:

        def open_page(
            path: str, *, allowed: list[str] | None = None, language: str = "en", **options: Any
        ) -> Page:
            rights = ["camera", "geolocation"] if allowed is None else allowed
            position = {"latitude": -6.2, "longitude": 106.8, "accuracy": 22}
            given = {"viewport": PHONE, "permissions": rights, "geolocation": position, **options}
            context = chromium.new_context(**given)
            stack.callback(context.close)
            address = {"url": site.address}
            context.add_cookies([{"name": "hadir_session", "value": TOKEN, **address}])
            context.add_cookies([{"name": "hadir_lang", "value": language, **address}])
            page = context.new_page()
            page.set_default_timeout(15_000)
            page.on("console", note)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.goto(site.address + path)
            return page

        yield open_page
    assert complaints == []
