"""The whole product, as it is run: web and worker processes on real servers, and people with real browsers."""

import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from api.people.service import RULE_SECONDS
from local.leash import leashed
from local.postgres import Postgres
from local.valkey import Valkey
from tests.conftest import CHROMIUM, administer
from tests.pictures import mjpeg_file

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs" / "pictures"
PHONE = {"width": 360, "height": 740}
ANDROID = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36"
DESKTOP = {"width": 1280, "height": 800}
#: The duty location of the demonstration's accounts, and somewhere else in the same town.
OFFICE = {"latitude": -6.91471, "longitude": 107.60982, "accuracy": 12}
#: Nobody stands on exactly the same spot as anybody else: about two metres, in degrees.
A_STEP = 2e-5
_steps = itertools.count(1)
ELSEWHERE = {"latitude": -6.89321, "longitude": 107.61041, "accuracy": 18}


@dataclass(frozen=True)
class Site:
    url: str
    accounts: list[dict[str, str]]
    environment: dict[str, str]

    def choose_challenge(self, folder: Path, **policy: object) -> None:
        """By the product's own command; returns when no process goes by what was chosen before."""
        rule = folder / "challenge.json"
        rule.write_text(json.dumps(policy))
        today = (
            datetime.now(UTC).date().isoformat()
        )  # the demonstration's own begins earlier, so that this one wins
        _run(self.environment, "rule", "BLN", "challenge", str(rule), "--from", today)
        time.sleep(RULE_SECONDS)

    def account(self, role: str, number: int = 0) -> dict[str, str]:
        return [account for account in self.accounts if account["role"] == role][number]


@pytest.fixture(scope="session")
def site(
    postgres: Postgres, valkey: Valkey, face_pack: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """The demonstration agency, served by the product's own commands."""
    folder = tmp_path_factory.mktemp("site")
    administer(postgres, "CREATE DATABASE journeys")
    database = postgres.url_of("journeys")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "REDIS_URL": valkey.url_of(15),
        "HADIR_DATA_DIR": str(folder),
        "HADIR_FACE_PACK": str(face_pack),
        "HADIR_PORT": str(port),
        "HADIR_LOG_LEVEL": "WARNING",
    }
    accounts = folder / "accounts.json"
    _run(environment, "seed", "--accounts", str(accounts))
    processes = [_start(environment, name) for name in ("web", "worker")]
    try:
        url = f"http://localhost:{port}"
        _wait_until(lambda: _ready(url), 60)
        listed = json.loads(accounts.read_text())
        found = Site(url, listed, environment)
        # A picture before a camera cannot move its head: stories about something else ask for a look alone.
        found.choose_challenge(folder, mode="PASSIVE")
        _wait_until(lambda: _enrolled(url, listed), 60)
        yield found
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(15)


def _run(environment: dict[str, str], *command: str) -> None:
    subprocess.run([sys.executable, "hadir.py", *command], cwd=ROOT, env=environment, check=True, timeout=120)


def _start(environment: dict[str, str], *command: str) -> "subprocess.Popen[bytes]":
    arguments = leashed([sys.executable, "hadir.py", *command], ROOT, death_signal=signal.SIGTERM)
    return subprocess.Popen(arguments, env=environment)


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _enrolled(url: str, accounts: list[dict[str, str]]) -> bool:
    employee = next(account for account in accounts if account["role"] == "EMPLOYEE")
    state = ask(url, employee["token"], "{ me { enrolment { state } } }")["me"]["enrolment"]["state"]
    assert state != "REFUSED", "the demonstration's portrait was not taken"
    return bool(state == "ACTIVE")


def ask(url: str, token: str, query: str, **variables: Any) -> Any:
    """What a partner's program does: a POST with a bearer token."""
    request = urllib.request.Request(
        f"{url}/graphql",
        json.dumps({"query": query, "variables": variables}).encode(),
        {"Content-Type": "application/json", "Authorization": f"Bearer {token}", "Accept-Language": "en"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        body = json.load(answer)
    assert "errors" not in body, body
    return body["data"]


def _wait_until(done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "the site did not get ready"
        time.sleep(0.1)


@dataclass
class Person:
    """Somebody with a browser."""

    site: Site
    account: dict[str, str]
    context: BrowserContext
    page: Page

    def sign_in(self) -> "Person":
        self.page.goto(f"{self.site.url}/login")
        self.page.get_by_label("NIP").fill(self.account["nip"])
        self.page.locator("input[type=password]").fill(self.account["password"])
        self.page.locator("form[action='/login'] button").click()
        self.page.wait_for_url(lambda url: "/login" not in url)
        return self

    def go(self, path: str) -> Page:
        self.page.goto(self.site.url + path)
        return self.page

    def picture(self, name: str) -> None:
        """A picture for the README, when pytest is told to take them."""
        if self.pictures:
            PICTURES.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")

    pictures: bool = False


def confirm(hr_admin: Person, name: str) -> None:
    """Says that the newest photographs are of whom they claim to be. A supervisor may not where the same face is
    enrolled for somebody else, as two journeys in one site have it."""
    listed = hr_admin.go("/enrolments")
    theirs = listed.locator("section", has_text=name)
    expect(theirs.locator(".faces img").first).to_have_js_property("complete", True)
    assert theirs.locator(".faces img").first.evaluate("image => image.naturalWidth") > 100
    theirs.locator("textarea").fill("Cocok dengan arsip kepegawaian.")
    theirs.locator("button[value=CONFIRM]").click()
    expect(listed.locator(".note.good")).to_be_visible()


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[bytes | None], Browser]]:
    """A Chromium before whose camera the face of a picture sits; nobody for None. Not for the whole session: while
    Playwright is open, the tests after it on the same worker could not run an event loop of their own."""
    browsers: dict[bytes | None, Browser] = {}
    with sync_playwright() as playwright, ExitStack() as stack:

        def sit(face: bytes | None) -> Browser:
            if face not in browsers:
                arguments = [
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-background-networking",
                    "--no-first-run",
                    "--use-fake-ui-for-media-stream",
                ]
                if face is not None:
                    film = mjpeg_file(tmp_path_factory.mktemp("film") / "face.mjpeg", face)
                    arguments += [
                        "--use-fake-device-for-media-stream",
                        f"--use-file-for-fake-video-capture={film}",
                    ]
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
                stack.callback(browser.close)
                browsers[face] = browser
            return browsers[face]

        yield sit


@pytest.fixture
def someone(
    site: Site, camera: Callable[[bytes | None], Browser], request: pytest.FixtureRequest
) -> Iterator[Callable[..., Person]]:
    """A person with an account, a face before the camera, and a place; signed in."""
    with ExitStack() as stack:

        def make(
            role: str,
            number: int = 0,
            *,
            face: bytes | None = None,
            at: dict[str, float] = OFFICE,
            wide: bool = False,
            **options: Any,
        ) -> Person:
            context = camera(face).new_context(
                viewport=DESKTOP if wide else PHONE,
                geolocation={**at, "latitude": at["latitude"] + next(_steps) * A_STEP},
                permissions=["geolocation", "camera"],
                locale="id-ID",
                **({} if wide else {"user_agent": ANDROID}),
                **options,
            )
            stack.callback(context.close)
            pictures = bool(request.config.getoption("--pictures"))
            person = Person(site, site.account(role, number), context, context.new_page(), pictures)
            return person.sign_in()

        yield make
