"""Faces to demonstrate with: the six people of the photograph that insightface carries (`t1`).

Deterministic. Portraits are 480×640 JPEGs, framed as the check-in page asks: one face about 160 pixels wide
with nearly one face free around it, everybody else out of focus.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import cv2
import numpy as np
from insightface.data import get_image
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
#: Whatever arithmetic makes of pixels; `to_pixels` brings it back.
Light = NDArray[Any]

WIDTH, HEIGHT = 480, 640
#: Where a portrait's face has its middle.
FACE_X, FACE_Y = 240, 300
#: Those whom the default liveness model calls alive by a wide margin (0.97 and more), in portraits and before
#: a landscape camera.
STEADY = (0, 1, 4, 5)


class Person(NamedTuple):
    """Middle of the face and the scale that brings it to about 163 pixels' width, in its photograph."""

    x: float
    y: float
    scale: float


#: From left to right; measured with the default pack's detector.
PEOPLE = (
    Person(113.5, 331.0, 1.58),
    Person(317.5, 211.5, 1.60),
    Person(520.0, 340.5, 1.52),
    Person(795.0, 410.0, 1.63),
    Person(956.5, 127.5, 1.68),
    Person(1175.5, 335.5, 1.81),
)
#: Semi-axes of the ellipse that hides a neighbour, in pixels of `t1`.
NEIGHBOUR = (86, 104)


@cache
def portrait(person: int) -> bytes:
    """Person 0–5 alone, as a phone's camera would see them: a JPEG."""
    return to_jpeg(framed(alone(person), PEOPLE[person]), 92)


def framed(source: Pixels, person: Person, tilt: float = 0.0, shift: tuple[int, int] = (0, 0)) -> Pixels:
    """A portrait's pixels, BGR, HEIGHT×WIDTH×3; `tilt` in degrees, `shift` in pixels."""
    move: Light = cv2.getRotationMatrix2D((person.x, person.y), tilt, person.scale)
    move[:, 2] += (FACE_X + shift[0] - person.x, FACE_Y + shift[1] - person.y)
    return warp(source, move)


@cache
def photograph() -> Pixels:
    return np.asarray(get_image("t1"), np.uint8)


@cache
def alone(person: int) -> Pixels:
    """The source photograph with everybody else's face out of focus."""
    mask = np.zeros(photograph().shape[:2], np.float32)
    for index, other in enumerate(PEOPLE):
        if index != person:
            cv2.ellipse(mask, (int(other.x), int(other.y)), NEIGHBOUR, 0, 0, 360, 1.0, -1)
    soft = cv2.GaussianBlur(mask, (0, 0), 6)[..., None]
    return to_pixels(photograph() * (1 - soft) + cv2.GaussianBlur(photograph(), (0, 0), 25) * soft)


def warp(source: Pixels, move: Light, size: tuple[int, int] = (WIDTH, HEIGHT)) -> Pixels:
    """Beyond the source's edge there is an out-of-focus continuation, not a mirrored head."""
    near = cv2.warpAffine(source, move, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    far = cv2.GaussianBlur(near, (0, 0), 18)
    inside = cv2.warpAffine(np.ones(source.shape[:2], np.float32), move, size)
    soft = cv2.GaussianBlur(cv2.erode(inside, np.ones((9, 9))), (0, 0), 3)[..., None]
    return to_pixels(near * soft + far * (1 - soft))


def to_pixels(pixels: Light) -> Pixels:
    return np.asarray(np.clip(np.rint(pixels), 0, 255), np.uint8)


def to_jpeg(pixels: Light, quality: int) -> bytes:
    return bytes(cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1])
