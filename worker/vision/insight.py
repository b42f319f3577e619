"""The engine: insightface's detector and recogniser, with Hadir's liveness and pose beside them."""

from __future__ import annotations

from typing import Any, Protocol

import cv2
import numpy as np
from insightface.utils.face_align import arcface_dst

from worker.vision import measures
from worker.vision.engine import FaceReport, FrameReport
from worker.vision.eyes import EyeModel
from worker.vision.liveness import LivenessModel
from worker.vision.measures import Box, FloatArray, Pixels
from worker.vision.pictures import Picture
from worker.vision.pose import PoseModel

#: The side that the five reference points are given for.
_REFERENCE_SIDE = 112


class _Analysis(Protocol):
    """The part of insightface's FaceAnalysis that is used; the package carries no types."""

    models: dict[str, Any]


class InsightEngine:
    """A FaceEngine over a prepared FaceAnalysis.

    FaceAnalysis.get() would embed every face in the picture; its models are called one by one
    instead, and only the largest face goes past detection.
    """

    def __init__(
        self,
        analysis: _Analysis,
        model_id: str,
        liveness: LivenessModel | None,
        pose: PoseModel | None,
        eyes: EyeModel | None,
    ) -> None:
        self.analysis = analysis
        self.model_id = model_id
        self.liveness = liveness
        self.pose = pose
        self.eyes = eyes

    @property
    def liveness_model_id(self) -> str | None:
        return self.liveness.model_id if self.liveness else None

    def inspect(
        self, picture: Picture, *, embed: bool = True, liveness: bool = True, pose: bool = False
    ) -> FrameReport:
        boxes, keypoints = self.analysis.models["detection"].detect(picture.pixels)
        order = np.argsort(-_areas(boxes), kind="stable")
        wanted = [(embed, liveness, pose)] + [(False, False, False)] * len(order)
        faces = tuple(
            self._face(picture, boxes[index], keypoints[index], stages)
            for index, stages in zip(order, wanted, strict=False)
        )
        return FrameReport(picture.width, picture.height, faces)

    def _face(
        self, picture: Picture, found: FloatArray, keypoints: FloatArray, wanted: tuple[bool, bool, bool]
    ) -> FaceReport:
        embed, liveness, pose = wanted
        box: Box = (float(found[0]), float(found[1]), float(found[2]), float(found[3]))
        grey = measures.grey_face(picture.pixels, box)
        live = self.liveness.score(picture.pixels, box, keypoints) if liveness and self.liveness else None
        yaw, pitch, roll = self.pose.angles(picture.pixels, box) if pose and self.pose else (None, None, None)
        return FaceReport(
            box=box,
            score=float(found[4]),
            keypoints=keypoints,
            embedding=self._embedding(picture.pixels, keypoints) if embed else None,
            liveness=live,
            yaw=yaw,
            pitch=pitch,
            roll=roll,
            nose=measures.nose_across(keypoints) if pose else None,
            eyes=self.eyes.open(picture.pixels, keypoints) if pose and self.eyes else None,
            sharpness=measures.sharpness(grey),
            brightness=measures.brightness(grey),
            face_px=measures.face_size(box),
            room=measures.room(box, picture.width, picture.height),
        )

    def _embedding(self, pixels: Pixels, keypoints: FloatArray) -> FloatArray:
        recogniser = self.analysis.models["recognition"]
        feature = recogniser.get_feat(aligned(pixels, keypoints, recogniser.input_size[0])).ravel()
        return np.asarray(feature / np.linalg.norm(feature), np.float32)


def aligned(pixels: Pixels, keypoints: FloatArray, side: int) -> Pixels:
    """side×side BGR with the five points on ArcFace's reference points.

    The same as insightface's norm_crop, in a third of its time and without what scikit-image has deprecated.
    """
    move = measures.fit(keypoints, arcface_dst * (side / _REFERENCE_SIDE))
    return np.asarray(cv2.warpAffine(pixels, move, (side, side)), np.uint8)


def _areas(boxes: FloatArray) -> FloatArray:
    return np.asarray((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1]), np.float32)
