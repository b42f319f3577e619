"""P12, P13: the check-in page in a real Chromium: what it weighs, and what the phone sends."""

import asyncio
import shutil
import tempfile
from pathlib import Path

from playwright.sync_api import (
    Browser,
    CDPSession,
    Geolocation,
    ViewportSize,
    sync_playwright,
)

from bench.agency import Agency, populate
from bench.ground import Ground, ground, product
from bench.rows import Row, row
from tests.pictures import mjpeg_file, portrait

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PHONE: ViewportSize = {"width": 360, "height": 740}
PLACE: Geolocation = {"latitude": -6.2, "longitude": 106.8, "accuracy": 12}
KILOBYTE = 1000
PATIENCE_MS = 20_000


def measure() -> list[Row]:
    """Takes about fifteen seconds. P12 here is weight and number of requests only; Lighthouse is not run."""
    if CHROMIUM is None:
        note = "Chromium not found; install with `apt-get install chromium`"
        return [
            row(id_, "the check-in page in a browser", None, must=None, note=note) for id_ in ("P12", "P13")
        ]
    with ground() as on:
        agency = asyncio.run(populate(str(on.settings.database_url), people=2_400, days=1))
        with product(on) as own:
            weights, photograph = _seen(on, agency, f"http://localhost:{own.port}")
    return [
        row("P12", "check-in page, compressed (KB)", sum(weights) / KILOBYTE, must=60),
        row("P12", "check-in page, requests", len(weights), must=8),
        row("P13", "photograph that the page sends (KB)", photograph / KILOBYTE, must=80),
    ]


def _seen(on: Ground, agency: Agency, url: str) -> tuple[list[int], int]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        film = mjpeg_file(Path(folder) / "face.mjpeg", portrait(0))
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-video-capture={film}",
            ],
        )
        with browser:
            return _check_in(browser, url, agency, on)


def _check_in(browser: Browser, url: str, agency: Agency, on: Ground) -> tuple[list[int], int]:
    """Bytes of each answer that the page needs as sent, and of the photograph as taken in."""
    context = browser.new_context(viewport=PHONE, geolocation=PLACE, permissions=["geolocation", "camera"])
    context.add_cookies([{"name": "hadir_session", "value": agency.members[7].token, "url": url}])
    page = context.new_page()
    weights = _weighing(context.new_cdp_session(page))
    page.goto(f"{url}/check-in", wait_until="networkidle")
    loaded = list(weights)
    before = _stored(on)
    page.locator("#shutter:enabled").click(timeout=PATIENCE_MS)
    with page.expect_response("**/check-in/submit", timeout=PATIENCE_MS) as answer:
        pass
    assert answer.value.ok, answer.value.status
    (new,) = _stored(on) - before
    return loaded, new.stat().st_size


def _weighing(session: CDPSession) -> list[int]:
    weights: list[int] = []
    session.on("Network.loadingFinished", lambda event: weights.append(int(event["encodedDataLength"])))
    session.send("Network.enable")
    return weights


def _stored(on: Ground) -> set[Path]:
    """Photographs in the store: sealed, 35 bytes larger than they came."""
    return {path for path in (on.folder / "store").rglob("*") if path.is_file()}
