"""Moves through the front door: one who makes them is accepted, and somebody else's film is not."""

import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Page, expect

from api.biometrics.moves import Move
from tests import moves as made
from tests.journeys.conftest import Person, Site, ask, confirm
from tests.pictures import ASTRONAUT, _framed, registered
from worker.vision.samples import FACE_X, FACE_Y, to_jpeg, warp

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journeys")]

Someone = Callable[..., Person]
VERDICT_MS = 20_000
#: The account of one who is not enrolled yet.
NEWCOMER = 4
#: A camera that shows her: never quite still, and from 0.5 s after a sign on for 0.9 s in the move it asks for.
CAMERA = """
(poses) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 480, height: 640 });
  const pen = canvas.getContext("2d");
  const load = (source) => Object.assign(new Image(), { src: source });
  const pictures = Object.fromEntries(Object.entries(poses).map(([name, list]) => [name, list.map(load)]));
  let pose = "LOOK";
  let began = 0;
  setInterval(() => {
    const list = pictures[pose];
    const shown = list[Math.floor((performance.now() - began) / (pose === "LOOK" ? 250 : 150)) % list.length];
    if (shown.complete) pen.drawImage(shown, 0, 0);
  }, 40);
  navigator.mediaDevices.getUserMedia = async () => canvas.captureStream(25);
  const make = (move) => {
    setTimeout(() => { pose = move; began = performance.now(); }, 500);
    setTimeout(() => { pose = "LOOK"; began = 0; }, 1400);
  };
  new MutationObserver((changes) => {
    for (const { target } of changes) if (target.dataset.move !== "LOOK") make(target.dataset.move);
  }).observe(document, { subtree: true, attributes: true, attributeFilter: ["data-move"] });
}
"""
#: How the head is held, in degrees: turned and nodding.
UNREST = [(turn, nod) for nod in (-6, -3, 0, 3, 6) for turn in (-4, -2, 0, 2, 4)]
#: In each move, from one 150 ms to the next.
SWAY = ((0, 0), (2, 3), (-2, -3), (3, -2), (-3, 2), (0, 5))


def poses(person: int) -> dict[str, list[str]]:
    ahead, shut = _framed(person), made.closed(person)
    near = cv2.getRotationMatrix2D((FACE_X, FACE_Y), 0, made.CLOSER)
    seen = {
        Move.LOOK: [made.turned(ahead, *held) for held in UNREST],
        Move.TURN_LEFT: [made.turned(ahead, turn - made.TURN, nod) for turn, nod in SWAY],
        Move.TURN_RIGHT: [made.turned(ahead, turn + made.TURN, nod) for turn, nod in SWAY],
        Move.BLINK: [made.turned(shut, *held) for held in SWAY],
        Move.COME_CLOSER: [warp(made.turned(ahead, *held), near) for held in SWAY],
    }
    return {
        move: [f"data:image/jpeg;base64,{base64.b64encode(to_jpeg(one, 88)).decode()}" for one in pictures]
        for move, pictures in seen.items()
    }


@pytest.fixture
def always(site: Site, tmp_path: Path) -> Iterator[None]:
    """The agency asks for moves at each check-in."""

    site.choose_challenge(tmp_path, mode="ALWAYS")
    yield
    site.choose_challenge(tmp_path, mode="PASSIVE")


def before_her_camera(newcomer: Person, person: int) -> None:
    newcomer.context.add_init_script(f"({CAMERA})({json.dumps(poses(person))})")


def checked_in(newcomer: Person) -> Page:
    page = newcomer.go("/check-in?kind=IN")
    expect(page.locator("#shutter")).to_be_enabled(timeout=VERDICT_MS)
    page.locator("#shutter").click()
    expect(page.locator("#verdict-now")).to_be_visible(timeout=2 * VERDICT_MS)
    heading = page.locator("#verdict-now h2")
    expect(heading).not_to_contain_text(re.compile("diperiksa …"), timeout=VERDICT_MS)
    return page


def test_one_enrols_moves_as_asked_and_is_not_taken_for_somebody_else(
    someone: Someone, site: Site, always: None
) -> None:
    newcomer = someone("EMPLOYEE", NEWCOMER, face=registered(ASTRONAUT))
    page = newcomer.go("/enrol")
    page.get_by_role("button", name="Saya setuju").click()
    for _ in range(3):
        take = page.locator("#shutter")
        expect(take).to_be_enabled(timeout=VERDICT_MS)
        take.click()
    page.locator("#send").click()
    waits = page.get_by_role("heading", name="Foto Anda baik dan menunggu pengesahan.")
    expect(waits).to_be_visible(timeout=VERDICT_MS)
    confirm(someone("HR_ADMIN", wide=True), newcomer.account["name"])
    page = newcomer.go("/enrol")
    expect(page.get_by_role("heading", name="Wajah Anda terdaftar.")).to_be_visible()

    newcomer = someone("EMPLOYEE", NEWCOMER)
    before_her_camera(newcomer, ASTRONAUT)
    page = checked_in(newcomer)
    latest = (
        "{ me { recentCheckIns(first: 1) { state reasons { code } evidence { moves { asked { kind seen }"
        " frames { shows yaw nose eyes size likeness } } } } } }"
    )
    [found] = ask(site.url, newcomer.account["token"], latest)["me"]["recentCheckIns"]
    assert found["state"] == "ACCEPTED", found
    assert all(move["seen"] for move in found["evidence"]["moves"]["asked"])

    thief = someone("EMPLOYEE", NEWCOMER)
    before_her_camera(thief, 2)
    page = checked_in(thief)
    expect(page.locator("#verdict-now h2")).to_have_text("Kali ini tidak diterima")
    [found] = ask(site.url, newcomer.account["token"], latest)["me"]["recentCheckIns"]
    assert "FACE_DIFFERENT" in [reason["code"] for reason in found["reasons"]]
