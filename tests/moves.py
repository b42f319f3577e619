"""Bursts made from the test pictures: what a phone sends while a person moves before it, and what others might send.

A head turns as an ellipsoid would; closed eyes are those of person 5, who has hers closed, transplanted. The person
who moves is the astronaut (6) or person 2: they look ahead with open eyes. Everything is deterministic.
"""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np

from api.biometrics.moves import Move
from tests.pictures import ASTRONAUT, _framed, _pixels
from worker.vision.measures import FloatArray, fit
from worker.vision.samples import FACE, FACE_X, FACE_Y, HEIGHT, WIDTH, Light, Pixels, grain, to_jpeg

#: Half axes of a head in widths of its face: across, down, and towards the camera.
HEAD = (0.62, 0.85, 0.62)
SLEEPER = 5
#: Eyes of the sleeper and of those who look ahead, in their portraits' pixels, as the detector finds them.
EYES = {SLEEPER: ((191, 283), (269, 280)), 2: ((199, 268), (273, 287)), ASTRONAUT: ((201, 267), (278, 270))}
TURN = 30.0
CLOSER = 1.4
#: Nobody keeps still to the degree: the head's turn at each moment.
UNREST = (0.0, 5.5, -3.0, -8.0, 3.0, 7.5, -6.0, 5.0)


def frame(person: int = ASTRONAUT, move: Move = Move.LOOK, moment: int = 0) -> bytes:
    """One frame of a burst, of half the size that a photograph has; `moment` tells two of the same move apart."""
    return to_jpeg(grain(cv2.resize(_seen(person, move, moment), (360, 480)), 1.0, seed=moment), 85)


@cache
def _seen(person: int, move: Move, moment: int) -> Pixels:
    held: Light = cv2.getRotationMatrix2D(
        (FACE_X, FACE_Y), UNREST[moment] / 3, CLOSER if move == Move.COME_CLOSER else 1.0
    )
    held[:, 2] += (2 * UNREST[moment], -UNREST[moment])
    face = closed(person) if move == Move.BLINK else _framed(person)
    turn = {Move.TURN_LEFT: -TURN, Move.TURN_RIGHT: TURN}.get(move, UNREST[moment])
    return np.asarray(
        cv2.warpAffine(turned(face, turn), held, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def photograph(person: int = ASTRONAUT, moment: int = 0) -> bytes:
    """A straight look in full size."""
    return to_jpeg(grain(_seen(person, Move.LOOK, moment), 1.0, seed=moment), 90)


def burst(*moves: Move, person: int = ASTRONAUT) -> list[bytes]:
    """A look, then each move at its height and back from it; the first and the last in full size."""
    frames = [photograph(person, 0)]
    for number, move in enumerate(moves):
        frames += [frame(person, move, 2 * number + 1), frame(person, Move.LOOK, 2 * number + 2)]
    return [*frames[:-1], photograph(person, 2 * len(moves))]


def turned(picture: Pixels, degrees: float, nod: float = 0.0) -> Pixels:
    """The head turned about its upright axis, positive to the person's own right, and nodding; what lies behind it
    stays."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    across, down, forth = (axis * FACE for axis in HEAD)
    x, y = (columns - FACE_X) / across, (rows - FACE_Y) / down
    distance = x * x + y * y
    depth = np.sqrt(np.clip(1 - distance, 0, 1)) * forth / across
    inside = np.clip((1 - distance) / 0.15, 0, 1)

    def source(place: Light, middle: int, half: float, at: Light, degrees: float) -> Light:
        angle = np.radians(degrees)
        found = middle + half * (at * np.cos(angle) + depth * np.sin(angle))
        return np.asarray(place + (found - place) * inside, np.float32)

    from_x, from_y = source(columns, FACE_X, across, x, degrees), source(rows, FACE_Y, down, y, nod)
    seen = cv2.remap(picture, from_x, from_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(seen, np.uint8)


@cache
def closed(person: int) -> Pixels:
    """The portrait with the sleeper's eyes in it."""
    eyes, own = (np.array(EYES[each], np.float32) for each in (SLEEPER, person))
    laid = cv2.warpAffine(_framed(SLEEPER), _onto(eyes, own), (WIDTH, HEIGHT), flags=cv2.INTER_CUBIC)
    picture, apart = _framed(person), float(np.hypot(*(own[1] - own[0])))
    for x, y in own.astype(int).tolist():
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        cv2.ellipse(mask, (x, y), (int(0.36 * apart), int(0.24 * apart)), 0, 0, 360, 255, -1)
        left, top, width, height = cv2.boundingRect(mask)
        middle = (left + width // 2, top + height // 2)
        picture = np.asarray(cv2.seamlessClone(laid, picture, mask, middle, cv2.NORMAL_CLONE), np.uint8)
    return picture


def _onto(points: FloatArray, wanted: FloatArray) -> Light:
    return np.asarray(fit(points, wanted), np.float32)


def moved(jpeg: bytes, *, zoom: float = 1.0, shift: int = 0, tilt: float = 0.0, turn: float = 0.0) -> bytes:
    """A picture held before the camera: zoomed, shifted, turned in its plane, and tilted about its upright axis.

    `turn` is in the plane and `tilt` out of it, in degrees.
    """
    flat = np.array([[-120, -150, 0], [120, -150, 0], [120, 150, 0], [-120, 150, 0]], np.float64)
    angle, away = np.radians(tilt), 1.6 * HEIGHT
    x, z = flat[:, 0] * np.cos(angle), away - flat[:, 0] * np.sin(angle)
    corners = np.stack([x * away / z + FACE_X, flat[:, 1] * away / z + FACE_Y], 1).astype(np.float32)
    tilted = cv2.getPerspectiveTransform((flat[:, :2] + (FACE_X, FACE_Y)).astype(np.float32), corners)
    held = np.vstack([cv2.getRotationMatrix2D((FACE_X, FACE_Y), turn, zoom), (0, 0, 1)])
    held[0, 2] += shift
    seen = cv2.warpPerspective(_pixels(jpeg), held @ tilted, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    return to_jpeg(grain(seen, 1.0), 85)
