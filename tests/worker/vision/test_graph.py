"""The nine outputs against bare runs of the two models that they are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
from insightface.data import get_image
from numpy.typing import NDArray

from tests import pictures as made
from worker.vision.insight import InsightEngine
from worker.vision.packs.graph import (
    ANCHORS_A_CELL,
    HEIGHT,
    MAX_FACES,
    STRIDES,
    WIDTH,
    detector_with_landmarks,
    five_point_weights,
)
from worker.vision.packs.source import read_package
from worker.vision.pictures import read_picture
from worker.vision.sessions import session_options

Array = NDArray[Any]


class Models(NamedTuple):
    detector: onnxruntime.InferenceSession
    landmarks: onnxruntime.InferenceSession
    joined: onnxruntime.InferenceSession


@pytest.fixture(scope="module")
def models(tarball: Path) -> Models:
    parts = read_package(tarball)
    joined = detector_with_landmarks(
        onnx.load_model_from_string(parts["detection"]), onnx.load_model_from_string(parts["landmarks"])
    )
    contents = (parts["detection"], parts["landmarks"], joined.SerializeToString())
    return Models(*(onnxruntime.InferenceSession(content, session_options()) for content in contents))


def canvas(pixels: Array) -> Array:
    """As insightface lays a picture out: top left, black beside it."""
    scale = min(WIDTH / pixels.shape[1], HEIGHT / pixels.shape[0])
    small = cv2.resize(pixels, (int(pixels.shape[1] * scale), int(pixels.shape[0] * scale)))
    whole = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    whole[: small.shape[0], : small.shape[1]] = small
    return whole


def joined_faces(models: Models, whole: Array) -> tuple[Array, Array, Array]:
    """Scores K, boxes K×4, points K×5×2, decoded from stride 8 as SCRFD's contract says."""
    blob = cv2.dnn.blobFromImage(whole, 1 / 128, mean=(127.5, 127.5, 127.5), swapRB=True)
    outputs = dict(
        zip(
            (o.name for o in models.joined.get_outputs()),
            models.joined.run(None, {"input": blob}),
            strict=True,
        )
    )
    for stride in STRIDES[1:]:
        assert not any(outputs[f"{kind}_{stride}"].any() for kind in ("score", "box", "points"))
    scores = outputs["score_8"].ravel()
    found = np.flatnonzero(scores)
    cells = found // ANCHORS_A_CELL
    anchors = np.stack([cells % (WIDTH // 8), cells // (WIDTH // 8)], axis=1) * 8
    box = outputs["box_8"][found] * 8
    corners = np.hstack([anchors - box[:, :2], anchors + box[:, 2:]])
    points = outputs["points_8"][found].reshape(-1, 5, 2) * 8 + anchors[:, None]
    return scores[found], corners, points


def bare_faces(models: Models, whole: Array) -> tuple[Array, Array, Array]:
    """The same from the original models, with suppression and crops done here."""
    rgb = whole[..., ::-1].astype(np.float32)
    scores, boxes = models.detector.run(None, {"input": ((rgb - 127) / 128).transpose(2, 0, 1)[None]})
    kept = suppressed(boxes[0], scores[0, :, 1])
    corners = boxes[0, kept] * [WIDTH, HEIGHT, WIDTH, HEIGHT]
    grey = cv2.cvtColor(whole, cv2.COLOR_BGR2GRAY)
    return scores[0, kept, 1], corners, np.array([bare_points(models, grey, box) for box in corners])


def suppressed(boxes: Array, scores: Array) -> list[int]:
    kept: list[int] = []
    for index in np.argsort(-scores, kind="stable"):
        if scores[index] > 0.5 and all(overlap(boxes[index], boxes[other]) <= 0.4 for other in kept):
            kept.append(int(index))
    return kept


def overlap(a: Array, b: Array) -> float:
    sides = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    shared = float(np.prod(np.maximum(sides, 0)))
    return shared / float(np.prod(a[2:] - a[:2]) + np.prod(b[2:] - b[:2]) - shared)


def bare_points(models: Models, grey: Array, box: Array) -> Array:
    side = box[3] - box[1]
    left, top = (box[0] + box[2] - side) / 2, box[1]
    # Pixel middles of the crop, mapped into the picture.
    move = np.array([[side / 64, 0, left - 0.5 + side / 128], [0, side / 64, top - 0.5 + side / 128]])
    crop = cv2.warpAffine(grey, move, (64, 64), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
    answer = models.landmarks.run(None, {"input": (crop / 256).astype(np.float32)[None, None]})[0][0]
    every = answer.reshape(68, 2) * side + [left, top]
    groups = ([37, 38, 40, 41], [43, 44, 46, 47], [30], [48, 60], [54, 64])
    return np.array([every[group].mean(axis=0) for group in groups])


def test_shapes_are_scrfd_s(models: Models) -> None:
    shapes = [output.shape for output in models.joined.get_outputs()]
    rows = [WIDTH // stride * (HEIGHT // stride) * ANCHORS_A_CELL for stride in STRIDES]
    assert shapes == [[n, columns] for columns in (1, 4, 10) for n in rows]
    assert models.joined.get_inputs()[0].shape == [1, 3, HEIGHT, WIDTH]


PICTURES = [
    get_image("t1"),
    *(read_picture(made.portrait(p)).pixels for p in (0, 4, 6)),
    read_picture(made.two_faces()).pixels,
]


@pytest.mark.parametrize("pixels", PICTURES, ids=["six", "0", "4", "6", "two"])
def test_agrees_with_the_models_it_is_made_of(models: Models, pixels: Array) -> None:
    whole = canvas(pixels)
    scores, boxes, points = joined_faces(models, whole)
    bare_scores, bare_boxes, bare = bare_faces(models, whole)
    assert len(scores) >= 1
    np.testing.assert_allclose(scores, bare_scores, atol=1e-4)
    np.testing.assert_allclose(boxes, bare_boxes, atol=0.05)
    sides = (boxes[:, 3] - boxes[:, 1])[:, None]
    distance = np.linalg.norm(points - bare, axis=2) / sides
    assert distance.max() < 0.01, "points differ by more than a hundredth of the face"


def test_no_face_gives_no_scores(models: Models) -> None:
    for pixels in (np.zeros((480, 640, 3), np.uint8), read_picture(made.no_face()).pixels):
        scores, _, _ = joined_faces(models, canvas(pixels))
        assert scores.size == 0


def test_a_crowd_is_cut_not_spilled(models: Models) -> None:
    """More faces than fit the reserved anchors: the best are kept."""
    face = canvas(read_picture(made.portrait(6)).pixels)[50:160, 40:140]
    tile = cv2.resize(face, (40, 40))
    crowd = np.tile(tile, (6, 8, 1))
    scores, boxes, points = joined_faces(models, crowd)
    assert len(scores) == MAX_FACES
    middles = points.mean(axis=1)
    assert (middles > boxes[:, :2]).all()
    assert (middles < boxes[:, 2:]).all()


def test_the_five_points_are_means_of_landmarks() -> None:
    weights = five_point_weights()
    np.testing.assert_allclose(weights.sum(axis=0), 1)
    everywhere = np.tile([3.0, 7.0], 68)
    np.testing.assert_allclose((everywhere @ weights).reshape(5, 2), np.tile([3.0, 7.0], (5, 1)))


def test_insightface_decodes_what_the_models_found(models: Models, engine: InsightEngine) -> None:
    pixels = get_image("t1")
    boxes, points = engine.analysis.models["detection"].detect(pixels)
    scores, canvas_boxes, canvas_points = joined_faces(models, canvas(pixels))
    scale = int(WIDTH * pixels.shape[0] / pixels.shape[1]) / pixels.shape[0]
    np.testing.assert_allclose(boxes[:, 4], scores, atol=1e-4)
    np.testing.assert_allclose(boxes[:, :4], canvas_boxes / scale, atol=0.1)
    np.testing.assert_allclose(points, canvas_points / scale, atol=0.1)


def test_the_same_sources_give_the_same_bytes(tarball: Path) -> None:
    parts = read_package(tarball)

    def build() -> bytes:
        return detector_with_landmarks(
            onnx.load_model_from_string(parts["detection"]), onnx.load_model_from_string(parts["landmarks"])
        ).SerializeToString(deterministic=True)

    assert build() == build()
