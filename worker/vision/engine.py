"""What the rest of Hadir sees of the eyes: a picture goes in, a report comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from worker.vision.measures import Box, FloatArray, similarity
from worker.vision.pictures import Picture

__all__ = ["Box", "FaceEngine", "FaceReport", "FrameReport", "similarity"]


@dataclass(frozen=True, slots=True, eq=False)
class FaceReport:
    """One face. Whatever was not run is None, which means "not checked" and never "passed"."""

    #: x1, y1, x2, y2 in pixels of the picture.
    box: Box
    #: The detector's confidence, 0–1.
    score: float
    #: 5×2 pixels: eye, eye, nose, mouth corner, mouth corner; the picture's left first.
    keypoints: FloatArray
    #: 512 values of unit norm.
    embedding: FloatArray | None
    #: Probability of a living face before the lens, 0–1.
    liveness: float | None
    #: Degrees; yaw is positive when the face turns to the picture's left, which is the person's own right.
    yaw: float | None
    pitch: float | None
    roll: float | None
    #: Where the nose lies across the eyes' line; see measures.nose_across.
    nose: float | None
    #: Probability that the eyes are open, 0–1.
    eyes: float | None
    #: Variance of the Laplacian on the face at 112×112; see measures.sharpness.
    sharpness: float
    #: Mean grey level over the face, 0–255.
    brightness: float
    #: Shorter side of the box in pixels.
    face_px: float
    #: Smallest free margin around the face, in face sizes.
    room: float


@dataclass(frozen=True, slots=True, eq=False)
class FrameReport:
    """One picture; the largest face first, and only that one embedded, checked for liveness and posed."""

    width: int
    height: int
    faces: tuple[FaceReport, ...]


class FaceEngine(Protocol):
    """Pixels to scores. Embeddings of engines with different `model_id` cannot be compared."""

    #: Pack and recogniser, such as "hadir-default-1@0a1b2c3d"; stored with each template and verdict.
    @property
    def model_id(self) -> str: ...

    #: None when this pack brings no liveness model: every report then says "not checked".
    @property
    def liveness_model_id(self) -> str | None: ...

    def inspect(
        self, picture: Picture, *, embed: bool = True, liveness: bool = True, pose: bool = False
    ) -> FrameReport:
        """Run detection, and on the largest face the stages asked for. Blocking: 15–40 ms on one core.

        `pose` is where the head is turned and whether the eyes are open.
        """
        ...
