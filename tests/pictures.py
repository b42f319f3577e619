"""Test pictures, made from the seven faces that the project may use (docs/model-card.md).

Six people are in the photograph that insightface carries (`t1`), one is scikit-image's astronaut. Everything
is deterministic. Portraits are 480×640 JPEGs, framed as the check-in page asks: one face about 160 pixels
wide (150–180 as the detector sees it) with nearly one face (0.8–1.05) free around it.
"""

from __future__ import annotations

import io
import tempfile
import zipfile
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from skimage import data

from worker.vision.samples import (
    FACE_X,
    FACE_Y,
    HEIGHT,
    REGISTERED,
    WIDTH,
    Light,
    Person,
    Pixels,
    alone,
    another_moment,
    framed,
    grain,
    photograph,
    to_jpeg,
    warp,
)
from worker.vision.samples import PEOPLE as SIX

#: scikit-image's own pictures; its functions carry no types.
samples: Any = data

PEOPLE = 7
ASTRONAUT = 6
_ASTRONAUT = Person(225.4, 119.5, 1.81)
#: Those whom the default liveness model calls alive by a wide margin (0.97 and more), in portraits and before
#: Chromium's camera; people 2 and 3 fall to 0.5–0.9 in a landscape frame.
STEADY = (0, 1, 4, 5, 6)


@cache
def portrait(person: int) -> bytes:
    """Person 0–6 alone, as a phone's camera would see them."""
    return to_jpeg(_framed(person), 92)


@cache
def second_portrait(person: int) -> bytes:
    """The same person tilted by 4°, in other light, more strongly compressed."""
    pixels = _framed(person, tilt=4.0, shift=(4, -6)).astype(np.float32)
    lit = 255 * (pixels / 255) ** 1.15 * np.linspace(1.06, 0.92, WIDTH)[None, :, None]
    return to_jpeg(grain(lit, 2.0), 80)


@cache
def reshot(person: int, moment: int) -> bytes:
    """The same person before the camera another time; see samples.another_moment."""
    return another_moment(_framed(person), (person, moment))


def registered(person: int) -> bytes:
    """What a person enrols with who then checks in by any of the others: each is another moment."""
    return reshot(person, REGISTERED)


@cache
def two_faces() -> bytes:
    """Two people of about the same size in one frame."""
    move = np.array([[1.3, 0, 240 - 1.3 * 878], [0, 1.3, 330 - 1.3 * 262]])
    return to_jpeg(warp(photograph(), move), 92)


@cache
def no_face() -> bytes:
    """A cup of coffee."""
    return to_jpeg(cv2.resize(_bgr(samples.coffee())[:, 100:400], (WIDTH, HEIGHT)), 90)


def dark(jpeg: bytes) -> bytes:
    """A fifth of the light, and a cheap sensor's noise."""
    return to_jpeg(grain(_pixels(jpeg).astype(np.float32) * 0.2, 2.0), 85)


def blurred(jpeg: bytes) -> bytes:
    """Out of focus."""
    return to_jpeg(cv2.GaussianBlur(_pixels(jpeg), (0, 0), 4), 85)


def tight_crop(jpeg: bytes) -> bytes:
    """The face fills the frame."""
    return to_jpeg(cv2.resize(_bust(jpeg, 210, 280), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), 90)


def printed_page(jpeg: bytes) -> bytes:
    """The portrait as an office print on white paper, held a little askew before the camera."""
    ink = _bust(jpeg, 320, 400).astype(np.float32)
    dots = 6 * np.sin(np.add.outer(np.arange(400), np.arange(320)) * 1.9)[..., None]
    print_ = np.clip(28 + cv2.GaussianBlur(ink, (0, 0), 0.9) * 0.78 + dots, 0, 255)
    page = np.full((520, 390, 3), 236, np.float32)
    page[40:440, 35:355] = print_
    for line in range(4):
        page[456 + 14 * line : 460 + 14 * line, 40 : 330 - 60 * (line == 3)] = 90
    page *= np.linspace(1.03, 0.88, 520)[:, None, None]
    corners = [[52, 52], [436, 38], [448, 566], [40, 584]]
    return to_jpeg(grain(_held(page, corners), 2.0), 88)


def on_a_screen(jpeg: bytes) -> bytes:
    """The portrait on a phone's screen: bezel, pixel grid beating with the camera's, glare, cold light."""
    lit = _bust(jpeg, 330, 440).astype(np.float32) * [1.12, 1.02, 0.94] + 10
    rows, columns = np.mgrid[0:440, 0:330]
    moire = 9 * np.sin(columns * 2.9 + rows * 0.11) + 7 * np.sin(rows * 3.05)
    lit += moire[..., None] * [1.0, -0.6, 0.8]
    glare = np.exp(-(((columns - 250) / 60.0) ** 2 + ((rows - 90) / 130.0) ** 2))
    lit += 90 * glare[..., None]
    phone = np.full((560, 370, 3), 14, np.float32)
    phone[60:500, 20:350] = np.clip(lit, 0, 255)
    corners = [[58, 34], [430, 40], [424, 604], [52, 598]]
    return to_jpeg(grain(_held(phone, corners), 1.5), 90)


def truncated(jpeg: bytes) -> bytes:
    """The first 60 % of the bytes."""
    return jpeg[: len(jpeg) * 6 // 10]


def png_named_jpg() -> bytes:
    """A PNG, whatever its name says."""
    return bytes(cv2.imencode(".png", _framed(0))[1])


def bomb_jpeg(side: int = 40_000) -> bytes:
    """A few hundred bytes whose header claims side×side pixels (at most 65,500)."""
    tiny = bytearray(to_jpeg(np.zeros((16, 16, 3), np.uint8), 50))
    frame = tiny.index(b"\xff\xc0") + 5
    tiny[frame : frame + 4] = side.to_bytes(2, "big") * 2
    return bytes(tiny)


def polyglot(jpeg: bytes) -> bytes:
    """A JPEG that is also a ZIP archive with a file in it."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("payload.txt", "not a picture")
    return jpeg + archive.getvalue()


def with_gps_exif(jpeg: bytes, orientation: int = 1) -> bytes:
    """The same picture with the position of Jakarta's National Monument and an orientation in its EXIF."""
    image = Image.open(io.BytesIO(jpeg))
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x8825] = {1: "S", 2: (6.0, 10.0, 31.0), 3: "E", 4: (106.0, 49.0, 37.0)}
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=92, exif=exif)
    return stream.getvalue()


@cache
def video_bytes() -> bytes:
    """A second of real video."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.avi"
        frame = cv2.resize(_framed(0), (240, 320))
        writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (240, 320))
        for _ in range(10):
            writer.write(frame)
        writer.release()
        return path.read_bytes()


def mjpeg_file(path: Path, jpeg: bytes, frames: int = 30) -> Path:
    """What Chromium takes as --use-file-for-fake-video-capture: 640×480, with a hand's small unrest."""
    source = _pixels(jpeg)
    scale = 0.9 * WIDTH / source.shape[1]
    with path.open("wb") as stream:
        for number in range(frames):
            sway = 2.0 * np.sin(2 * np.pi * number / frames)
            x, y = 320 - scale * FACE_X + sway, 240 - scale * FACE_Y + sway / 2
            move = np.array([[scale, 0, x], [0, scale, y]])
            stream.write(to_jpeg(grain(warp(source, move, (640, 480)), 1.0, seed=number), 90))
    return path


def _bust(jpeg: bytes, width: int, height: int) -> Pixels:
    """The part of a portrait around its face, as in a passport photograph."""
    top, left = FACE_Y - height // 2, FACE_X - width // 2
    return _pixels(jpeg)[top : top + height, left : left + width]


def _held(thing: Light, corners: list[list[int]]) -> Light:
    """A flat thing with its corners at the given places, before a room out of focus."""
    room = cv2.GaussianBlur(cv2.resize(_bgr(samples.coffee()), (WIDTH, HEIGHT)), (0, 0), 9).astype(np.float32)
    height, width = thing.shape[:2]
    flat = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    move = cv2.getPerspectiveTransform(flat, np.array(corners, np.float32))
    seen = cv2.warpPerspective(thing, move, (WIDTH, HEIGHT), flags=cv2.INTER_AREA)
    mask = cv2.warpPerspective(np.ones((height, width), np.float32), move, (WIDTH, HEIGHT))[..., None]
    return np.asarray(seen * mask + room * (1 - mask))


def _bgr(rgb: Pixels) -> Pixels:
    return np.ascontiguousarray(rgb[..., ::-1])


def _pixels(jpeg: bytes) -> Pixels:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def _framed(person: int, tilt: float = 0.0, shift: tuple[int, int] = (0, 0)) -> Pixels:
    if person == ASTRONAUT:
        return framed(_bgr(samples.astronaut()), _ASTRONAUT, tilt, shift)
    return framed(alone(person), SIX[person], tilt, shift)
