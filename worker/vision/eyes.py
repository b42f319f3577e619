"""Are the eyes open?"""

from __future__ import annotations

import cv2
import numpy as np
from onnxruntime import InferenceSession

from worker.vision.measures import FloatArray, Pixels

SIDE = 24
#: The crop's side in distances between the eyes: 1.6 widths of an eye, as the package's own script takes it.
SCALE = 0.8
#: softmax class that means an open eye.
OPEN = 1


class EyeModel:
    """1×1×24×24 grey/255, one eye at a time; two classes out, softmax here."""

    def __init__(self, session: InferenceSession) -> None:
        self.session = session
        self._input = session.get_inputs()[0].name

    def open(self, pixels: Pixels, keypoints: FloatArray) -> float:
        """Probability that the eyes are open, 0–1: the mean of both, since one alone is misread now and then."""
        side = SCALE * float(np.hypot(*(keypoints[1] - keypoints[0])))
        return float(np.mean([self._open(pixels, eye, side) for eye in keypoints[:2]]))

    def _open(self, pixels: Pixels, eye: FloatArray, side: float) -> float:
        height, width = pixels.shape[:2]
        left, top = (
            int(np.clip(place - side / 2, 0, most - 2))
            for place, most in zip(eye, (width, height), strict=True)
        )
        crop = pixels[top : top + max(int(side), 2), left : left + max(int(side), 2)]
        grey = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        logits = self.session.run(None, {self._input: grey[None, None].astype(np.float32) / 255})[0][0]
        odds = np.exp(logits - logits.max())
        return float(odds[OPEN] / odds.sum())
