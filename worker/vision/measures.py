"""Pure measures of a face in a picture; no model runs here."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
FloatArray = NDArray[np.float32]
#: x1, y1, x2, y2 in pixels, edges not clamped to the picture.
Box = tuple[float, float, float, float]

#: The face is brought to this many pixels before sharpness is taken, so that near and far faces compare.
STANDARD_FACE = 112
#: (x, y) to x + iy.
_COMPLEX = np.array([1, 1j])


def grey_face(pixels: Pixels, box: Box) -> Pixels:
    """The part of the face that lies in the picture, as 112×112 grey levels."""
    height, width = pixels.shape[:2]
    x1, y1 = (int(np.clip(box[0], 0, width - 1)), int(np.clip(box[1], 0, height - 1)))
    x2, y2 = (int(np.clip(box[2], x1 + 1, width)), int(np.clip(box[3], y1 + 1, height)))
    grey = cv2.cvtColor(pixels[y1:y2, x1:x2], cv2.COLOR_BGR2GRAY)
    # INTER_AREA averages when shrinking, so noise of a large picture is not taken for sharpness.
    return np.asarray(
        cv2.resize(grey, (STANDARD_FACE, STANDARD_FACE), interpolation=cv2.INTER_AREA), np.uint8
    )


def sharpness(grey: Pixels) -> float:
    """Variance of the Laplacian (Pech-Pacheco 2000) in squared grey levels; small when out of focus."""
    return float(cv2.Laplacian(grey, cv2.CV_32F).var())


def brightness(grey: Pixels) -> float:
    """Mean grey level over the face, 0–255."""
    return float(grey.mean())


def face_size(box: Box) -> float:
    """The shorter side of the box in pixels."""
    return min(box[2] - box[0], box[3] - box[1])


def room(box: Box, width: int, height: int) -> float:
    """The smallest margin between face and picture's edge, in face sizes; negative when cut off."""
    margin = min(box[0], box[1], width - box[2], height - box[3])
    return margin / max(face_size(box), 1.0)


def nose_across(keypoints: FloatArray) -> float | None:
    """Where the nose lies along the line of the eyes, in distances between them; 0 in the middle.

    In the frame of eyes and mouth, which every shift, turn, scale or shear of a flat picture leaves as it is: only
    what stands out from the face's plane moves in it, and only when the head turns. None where there is no frame.
    """
    eye, other, nose, corner, opposite = np.asarray(keypoints, np.float64)
    middle = (eye + other) / 2
    frame = np.column_stack([other - eye, (corner + opposite) / 2 - middle])
    if not abs(np.linalg.det(frame)) > 1:
        return None
    return float(np.linalg.solve(frame, nose - middle)[0])


def similarity(a: FloatArray, b: FloatArray) -> float:
    """Cosine of two embeddings of the same model, −1 to 1; they need not have unit norm."""
    return float(np.dot(a, b) / (np.linalg.norm(a) * np.linalg.norm(b)))


def fit(points: FloatArray, onto: FloatArray) -> NDArray[np.float64]:
    """2×3: the similarity that brings n×2 points nearest to others.

    By least squares, which for points taken as complex numbers is one factor a and one shift b.
    """
    found, wanted = points @ _COMPLEX, onto @ _COMPLEX
    spread = found - found.mean()
    a = np.vdot(spread, wanted) / np.vdot(spread, spread)
    b = wanted.mean() - a * found.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])
