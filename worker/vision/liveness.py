"""Passive liveness: is there a face before the lens, or a picture of one?"""

from __future__ import annotations

from typing import Any, Protocol

import cv2
import numpy as np
from onnxruntime import InferenceSession

from worker.vision.measures import Box, FloatArray, Pixels

#: The crop around the face, in sides of the square box (Silent-Face-Anti-Spoofing's 2.7).
SCALE = 2.7
SIDE = 128
#: softmax class that means a living face.
LIVE = 0


class LivenessModel(Protocol):
    @property
    def model_id(self) -> str: ...

    def score(self, pixels: Pixels, box: Box, keypoints: FloatArray) -> float | None:
        """Probability of a living face, 0–1; None ("not checked") with too little around it to judge."""
        ...


class CropLiveness:
    """The default pack's model: 1×3×128×128 raw 0–255 in **BGR** order, three classes out, softmax here."""

    def __init__(self, session: InferenceSession, model_id: str) -> None:
        self.session = session
        self.model_id = model_id
        self._input = session.get_inputs()[0].name

    def score(self, pixels: Pixels, box: Box, keypoints: FloatArray) -> float | None:
        crop = liveness_crop(pixels, box)
        planes = np.ascontiguousarray(crop.transpose(2, 0, 1)[None], np.float32)
        logits = self.session.run(None, {self._input: planes})[0][0]
        odds = np.exp(logits - logits.max())
        return float(odds[LIVE] / odds.sum())


class AlignedLiveness:
    """insightface's own addon (80×80 RGB, aligned by the five points), for an agency that licenses it."""

    def __init__(self, addon: Any, model_id: str) -> None:  # insightface carries no types
        self.addon = addon
        self.model_id = model_id

    def score(self, pixels: Pixels, box: Box, keypoints: FloatArray) -> float | None:
        answer = self.addon.predict(pixels, keypoints)["live_score"]
        return None if answer is None else float(answer)


def liveness_crop(pixels: Pixels, box: Box) -> Pixels:
    """128×128 BGR: the box's surroundings, shrunk and shifted where they would leave the picture."""
    height, width = pixels.shape[:2]
    side = box[3] - box[1]
    reach = min(SCALE, (height - 1) / side, (width - 1) / side) * side / 2
    x = float(np.clip((box[0] + box[2]) / 2, reach, width - 1 - reach))
    y = float(np.clip((box[1] + box[3]) / 2, reach, height - 1 - reach))
    crop = pixels[int(y - reach) : int(y + reach) + 1, int(x - reach) : int(x + reach) + 1]
    return np.asarray(cv2.resize(crop, (SIDE, SIDE)), np.uint8)
