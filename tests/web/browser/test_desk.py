"""The desk in a real browser: a photograph by camera or file, sent before the form, and the form only once."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.pictures import portrait
from tests.web.fake_api import BUDI, DAY, IDS, FakeApi, attendance_day, check_in, connection, supervisor
from tests.web.real_server import Site, upload_target

pytestmark = pytest.mark.browser


@pytest.fixture
def sent(api: FakeApi) -> list[dict[str, Any]]:
    given: list[dict[str, Any]] = []

    def record(input: dict[str, Any]) -> dict[str, Any]:
        given.append(input)
        return {"__typename": "PresenceRecorded", "checkIn": check_in(BUDI), "repeated": False}

    started = {
        "__typename": "HandRecordStart",
        "expiresAt": f"{DAY}T00:30:00+00:00",
        "upload": upload_target("k0"),
    }
    api.data = {
        "me": supervisor(),
        "employee": BUDI,
        "attendanceDay": attendance_day(BUDI),
        "employees": connection([BUDI]),
        "checkIns": connection([]),
        "startHandRecord": started,
        "recordPresence": record,
    }
    return given


def test_a_photograph_by_camera_goes_before_the_form(
    visit: Callable[..., Page], site: Site, sent: list[dict[str, Any]]
) -> None:
    page = visit("/desk?search=budi")
    page.get_by_role("link", name="Budi Santoso").click()
    page.get_by_role("button", name="Open the camera").click()
    page.get_by_role("button", name="Take the photograph").click()
    expect(page.locator("#taken")).to_be_visible()
    page.get_by_role("button", name="Record the presence").dblclick()
    expect(page.locator(".note.good")).to_be_visible()
    assert len(site.uploads) == 1
    [record] = sent
    assert (record["photograph"], record["kind"], record["reason"]) == (
        "k0",
        "IN",
        "The face was not recognised",
    )


def test_a_picture_from_a_file_without_a_camera_and_by_keyboard(
    visit: Callable[..., Page], site: Site, sent: list[dict[str, Any]]
) -> None:
    page = visit(f"/desk/{IDS['budi']}", allowed=[])
    page.locator("#file").set_input_files(
        {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}
    )
    expect(page.get_by_text("This file is no picture.")).to_be_visible()
    page.locator("#file").set_input_files({"name": "a.jpg", "mimeType": "image/jpeg", "buffer": portrait(1)})
    expect(page.locator("#taken")).to_be_visible()
    page.get_by_label("Going").press("Space")
    page.get_by_label("Why not by face?").select_option(label="Another reason")
    page.get_by_label("More about it").fill("Bandaged after an accident")
    page.get_by_role("button", name="Record the presence").press("Enter")
    expect(page.locator(".note.good")).to_be_visible()
    [record] = sent
    assert (record["kind"], record["reason"]) == ("OUT", "Bandaged after an accident")
    assert site.uploads
