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


#: Which of a person's other moments a demonstration registers.
REGISTERED = 10
#: A portrait's face's width in pixels, and what moves in it: mouth, eyes, brows; places and strengths in faces.
FACE = 160
_FEATURES = (
    (-0.16, 0.27, 0.04),
    (0.16, 0.27, 0.04),
    (0.0, 0.27, 0.04),
    (-0.19, -0.14, 0.02),
    (0.19, -0.14, 0.02),
    (-0.19, -0.29, 0.03),
    (0.19, -0.29, 0.03),
)


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


@cache
def registered(person: int) -> bytes:
    """Person 0–5 at another moment than in the portrait, so that this passes for a new photograph: a JPEG."""
    return another_moment(framed(alone(person), PEOPLE[person]), (person, REGISTERED))


def another_moment(portrait: Pixels, seed: tuple[int, int]) -> bytes:
    """The same person before the camera another time, as well as warps of one photograph can stand for it.

    The head turns by some degrees before a background that does not turn with it, the expression changes, the
    light too, and the camera is held otherwise. What a day changes in hair, clothes and room is not in it.
    """
    chance = np.random.default_rng(seed)
    held: Light = cv2.getRotationMatrix2D((FACE_X, FACE_Y), chance.normal(0, 3), 1 + chance.normal(0, 0.04))
    held[:, 2] += chance.normal(0, 0.08 * FACE, 2)
    moved = cv2.warpAffine(portrait, held, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    seen = cv2.remap(
        moved, *_another_pose(chance, rows, columns), cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    slope = chance.normal(0, 0.3, 2)
    gain = 1 + chance.normal(0, 0.08) + ((columns - FACE_X) * slope[0] + (rows - FACE_Y) * slope[1]) / WIDTH
    lit = 255 * (np.clip(seen * gain[..., None], 0, 255) / 255) ** (1 + chance.normal(0, 0.1))
    return to_jpeg(grain(lit, 2.0, seed=seed[1]), int(chance.integers(64, 92)))


def _another_pose(chance: np.random.Generator, rows: Light, columns: Light) -> tuple[Light, Light]:
    """Where each pixel comes from when the head has turned (degrees, as a ball would) and the face has moved."""
    distance = ((columns - FACE_X) ** 2 + ((rows - FACE_Y) / 1.25) ** 2) / (0.75 * FACE) ** 2
    nearness = 0.75 * FACE * np.sqrt(np.clip(1 - distance / 1.6, 0, 1))
    head = np.clip((1.9 - distance) / 0.6, 0, 1)
    shifts = [nearness * np.sin(np.radians(chance.normal(0, 4))) for _ in range(2)]
    for across, down, strength in _FEATURES:
        x, y = FACE_X + across * FACE, FACE_Y + down * FACE
        near = np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / (2 * (0.12 * FACE) ** 2))
        shifts = [shift + near * chance.normal(0, strength * FACE) for shift in shifts]
    x, y = (shift * head + (1 - head) * chance.normal(0, 0.12 * FACE) for shift in shifts)
    return (columns + x).astype(np.float32), (rows + y).astype(np.float32)


def grain(pixels: Light, strength: float, seed: int = 0) -> Pixels:
    """A sensor's noise, `strength` grey levels."""
    noise = np.random.default_rng(seed).normal(0, strength, pixels.shape)
    return to_pixels(pixels + noise)


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
