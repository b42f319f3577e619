"""What is kept of a photograph so that it is known when it comes again: re-encoded, cropped, turned, mirrored.

In two steps. A print, 256 signs, finds among hundreds those few earlier photographs that could be the same.
`likeness` then lays the cut of one over the cut of the other and tells
one exposure from two: a second one, even of somebody who keeps still, differs in its details.

Measured on seven people's portraits, prints and screens, 1,316 replays of them, re-shots made by warps, and one
person filmed (outside the project): signs that differ in a replay at most 74 of 256, in two people 86 and more;
likeness of a replay at least 0.994, of two re-shots at most 0.971, of two moments of the film 33 ms apart 0.987 as a
rule, half a second apart at most 0.92. Captures of one person on several days were not at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import cv2
import numpy as np
from insightface.utils.face_align import arcface_dst
from numpy.typing import NDArray

from worker.vision.measures import FloatArray, Pixels, fit

#: A cut's side in pixels, and how many of ArcFace's squares (forehead to chin) lie in it: some hair and background,
#: but nothing that a crop by 5 % has taken from a picture framed as the check-in asks.
SIDE = 96
REACH = 1.6
#: Lowest frequencies kept, each way.
BAND = 16
#: Samples a pixel each way when a large face is brought down; no more, so that a huge one costs little.
MOST_SAMPLES = 8
#: Gaussian deviations in pixels of the cut: finer is noise, coarser is light.
_FINE, _COARSE = 0.7, 4.0
#: Not compared at the cut's edges, where a fit leaves nothing to compare.
_EDGE = SIDE // 8
_INNER = (slice(_EDGE, SIDE - _EDGE),) * 2
#: Two cuts of one picture correlate by 0.97 and more as they lie, however it was moved, zoomed or encoded.
NEAR = 0.9
_STOP = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 20, 1e-3)
_EVERYWHERE = np.full((SIDE, SIDE), 255, np.uint8)
_SQUARE = 112
_MIDDLE = (56, 64)
_POINTS = (arcface_dst - _MIDDLE) * (SIDE / (_SQUARE * REACH)) + (SIDE - 1) / 2
#: Mirroring changes the sign of every second frequency along a row.
_MIRROR = np.packbits(np.tile(np.arange(BAND) % 2, BAND)).tobytes()

#: 2×3: where a pixel comes to lie.
Move = NDArray[np.floating[Any]]


@dataclass(frozen=True, slots=True, eq=False)
class Print:
    """A face in its picture: what is kept of it, and what is held only while it is compared."""

    #: Signs of the cut's cosine transform, row by row, 32 bytes; in the mirror image they would be `mirrored`.
    signs: bytes
    #: How the cut was taken: four float32, little-endian, of the similarity from picture to cut.
    place: bytes
    #: SIDE×SIDE grey levels.
    cut: Pixels

    @property
    def kept(self) -> bytes:
        """Signs and place, 48 bytes."""
        return self.signs + self.place

    @property
    def mirrored(self) -> bytes:
        return bytes(sign ^ turned for sign, turned in zip(self.signs, _MIRROR, strict=True))


def print_of(pixels: Pixels, keypoints: FloatArray) -> Print | None:
    """The print of the face with these five points (5×2, pixels); None where they span none."""
    if not np.isfinite(keypoints).all() or np.min(np.ptp(keypoints, axis=0)) < 1:
        return None
    place = fit(keypoints, _POINTS)[:, [0, 2]].astype("<f4").tobytes()
    grey = cut(pixels, place)
    small = cv2.resize(grey, (2 * BAND, 2 * BAND), interpolation=cv2.INTER_AREA).astype(np.float32)
    return Print(np.packbits(cv2.dct(small)[:BAND, :BAND] > 0).tobytes(), place, grey)


def cut(pixels: Pixels, place: bytes) -> Pixels:
    """The same cut again, from the picture (BGR) and its print's place."""
    (cosine, x), (sine, y) = np.frombuffer(place, "<f4").astype(np.float64).reshape(2, 2)
    samples = min(MOST_SAMPLES, ceil(1 / max(float(np.hypot(cosine, sine)), 1e-3)))
    move: Move = np.array([[cosine, -sine, x], [sine, cosine, y]]) * samples
    move[:, 2] += (samples - 1) / 2  # middle of a pixel to the middle of its samples
    side = SIDE * samples
    grey = cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)
    near = cv2.warpAffine(grey, move, (side, side), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cv2.resize(near, (SIDE, SIDE), interpolation=cv2.INTER_AREA), np.uint8)


def place_in(kept: bytes) -> bytes:
    """The place, of what was kept of a print."""
    return kept[len(_MIRROR) :]


def likeness(one: Pixels, other: Pixels) -> float:
    """Correlation of two cuts' details where they fit best, the other as it is or mirrored; −1 to 1."""
    return max(_fitted(one, turned) for turned in (other, _turned(other)))


def nearest_before(cuts: Sequence[Pixels | None]) -> list[float | None]:
    """Of each cut of one burst, the highest likeness with an earlier one, as it is or mirrored; None without one.

    What is unlike as it lies is not fitted: its correlation is told as it is, which is less.
    """
    earlier: list[tuple[Pixels, FloatArray]] = []
    found: list[float | None] = []
    for grey in cuts:
        if grey is None:
            found.append(None)
            continue
        details = _details(grey)
        found.append(max((_near(grey, details, *one) for one in earlier), default=None))
        earlier += [(way, _details(way)) for way in (grey, _turned(grey))]
    return found


def _near(one: Pixels, details: FloatArray, other: Pixels, other_details: FloatArray) -> float:
    as_it_lies = _correlation(details[_INNER], other_details[_INNER])
    return _fitted(one, other) if as_it_lies >= NEAR else as_it_lies


def _turned(grey: Pixels) -> Pixels:
    return np.ascontiguousarray(grey[:, ::-1])


def _fitted(one: Pixels, other: Pixels) -> float:
    """First by their coarse shapes, then by their details (Evangelidis and Psarakis 2008)."""
    move: Move = np.eye(2, 3, dtype=np.float32)
    details = _details(one), _details(other)
    for pair in ((_soft(one, 2), _soft(other, 2)), details):
        move = _nearer(move, *pair)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    laid = np.asarray(cv2.warpAffine(details[1], move, (SIDE, SIDE), flags=flags), np.float32)
    return _correlation(details[0][_INNER], laid[_INNER])


def _nearer(move: Move, one: FloatArray, other: FloatArray) -> Move:
    """The move corrected; as it was where no fit is found, so that what is unlike is compared as it lies."""
    try:
        _, found = cv2.findTransformECC(one, other, move.copy(), cv2.MOTION_AFFINE, _STOP, _EVERYWHERE, 1)
    except cv2.error:
        return move
    return np.asarray(found, np.float32)


def _details(grey: Pixels) -> FloatArray:
    """Edges and texture, everywhere of about the same strength: light counts for nothing."""
    detail = _soft(grey, _FINE) - _soft(grey, _COARSE)
    return np.asarray(detail / (np.sqrt(_soft(detail * detail, _COARSE)) + 2), np.float32)


def _soft(grey: Pixels | FloatArray, deviation: float) -> FloatArray:
    return np.asarray(cv2.GaussianBlur(grey.astype(np.float32), (0, 0), deviation), np.float32)


def _correlation(one: FloatArray, other: FloatArray) -> float:
    """0 where one of them has no detail to speak of; a face's strength is over 1,000."""
    a, b = (np.asarray(part - part.mean(), np.float64).ravel() for part in (one, other))
    strength = float(np.sqrt(np.dot(a, a) * np.dot(b, b)))
    return float(np.dot(a, b)) / strength if strength > 1 else 0.0
