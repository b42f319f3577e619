from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.fake_api import DAY, IDS, SITI, FakeApi, me, reason
from tests.web.real_server import Site, upload_target
from web.pages.enrol.page import ASK as ENROL

pytestmark = pytest.mark.browser


def test_enrolling_with_three_photographs(visit: Callable[..., Page], site: Site, api: FakeApi) -> None:
    photos = [{"position": at, "accepted": None, "reasons": []} for at in range(3)]
    enrolment = {"id": IDS["enrolment"], "state": "PENDING", "photos": photos}
    sent: list[dict[str, Any]] = []

    def enrol(input: dict[str, Any]) -> dict[str, Any]:
        sent.append(input)
        return {"__typename": "EnrolmentAccepted", "enrolment": enrolment}

    targets = [upload_target(f"k{at}") for at in range(3)]
    started = {"__typename": "EnrolmentStart", "expiresAt": f"{DAY}T00:30:00+00:00", "uploads": targets}
    api.data = {"me": me({**SITI, "enrolment": "NONE"}), "startEnrolment": started, "enrolFace": enrol}
    page = visit("/enrol")
    expect(page.locator("#shutter")).to_be_in_viewport(ratio=1)
    for _ in range(2):
        page.locator("#shutter:enabled").click()
    page.get_by_role("button", name="Again").first.click()
    for _ in range(2):
        page.locator("#shutter:enabled").click()
    page.get_by_role("button", name="Send these photographs").click()
    expect(page.get_by_role("heading", name="Your photographs are being checked")).to_be_visible()
    assert sent == [{"uploads": ["k0", "k1", "k2"]}]
    assert len(site.uploads) == 3
    done = [{**photo, "accepted": True} for photo in photos[:2]]
    refused = {
        **photos[2],
        "accepted": False,
        "reasons": [reason("REFUSE", "Too close.", "Step back a little.")],
    }
    settled = {"enrolmentChanged": {**enrolment, "state": "ACTIVE", "photos": [*done, refused]}}
    site.feed(api.event(ENROL["ProgressChanges"], {"id": IDS["enrolment"]}, settled))
    expect(page.get_by_role("heading", name="Your face is registered.")).to_be_visible(timeout=2_000)
    expect(page.get_by_text("Step back a little.")).to_be_visible()
