"""The liveness models' contracts: order of colours, crop, and what they separate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from insightface.addons import Liveness
from onnx import TensorProto, helper

from tests import pictures as made
from tests.worker.vision.conftest import Look
from worker.vision.insight import InsightEngine
from worker.vision.liveness import SIDE, AlignedLiveness, CropLiveness, liveness_crop
from worker.vision.measures import Box, Pixels
from worker.vision.pictures import read_picture


@pytest.fixture(scope="session")
def model(engine: InsightEngine) -> CropLiveness:
    assert isinstance(engine.liveness, CropLiveness)
    return engine.liveness


def from_planes(model: CropLiveness, crop: Pixels) -> float:
    logits = model.session.run(None, {"input": crop.transpose(2, 0, 1)[None].astype(np.float32)})[0][0]
    return float(np.exp(logits[0]) / np.exp(logits).sum())


def test_the_model_gets_blue_first_and_raw(model: CropLiveness, look: Look) -> None:
    """The package's own script feeds red first: no better than chance (AUC 0.51 against 0.93)."""
    jpeg = made.portrait(6)
    picture, face = read_picture(jpeg), look.face(jpeg)
    crop = liveness_crop(picture.pixels, face.box)
    assert face.liveness == pytest.approx(from_planes(model, crop), abs=1e-6)
    assert face.liveness != pytest.approx(from_planes(model, np.ascontiguousarray(crop[..., ::-1])), abs=1e-3)


def ladder(width: int, height: int) -> Pixels:
    """Blue tells the column, green the row."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([columns / width * 255, rows / height * 255, np.zeros((height, width))], 2).astype(
        np.uint8
    )


@pytest.mark.parametrize(
    ("box", "left", "right"),
    [
        ((150, 150, 250, 250), 65, 335),  # 2.7 × 100 around 200
        ((0, 150, 100, 250), 0, 270),  # shifted, since it would leave the picture
        ((100, 100, 300, 300), 0, 400),  # shrunk to the picture
        ((160, 150, 240, 250), 65, 335),  # as wide as the box is high
    ],
)
def test_the_crop_is_shifted_and_shrunk_into_the_picture(box: Box, left: int, right: int) -> None:
    crop = liveness_crop(ladder(400, 400), box)
    assert crop.shape == (SIDE, SIDE, 3)
    seen = crop[SIDE // 2, :, 0].astype(float) * 400 / 255
    assert seen[0] == pytest.approx(left, abs=4)
    assert seen[-1] == pytest.approx(right, abs=4)


@pytest.mark.parametrize("person", range(made.PEOPLE))
def test_portraits_are_called_alive(look: Look, person: int) -> None:
    """Lowest measured: 0.90."""
    for jpeg in (made.portrait(person), made.second_portrait(person)):
        live = look.face(jpeg).liveness
        assert live is not None
        assert live > (0.97 if person in made.STEADY else 0.8)


@pytest.mark.parametrize("person", range(made.PEOPLE))
def test_prints_and_screens_are_not(look: Look, person: int) -> None:
    """Highest measured: print 0.07, screen 0.74 (person 1), 0.24 for the next."""
    printed = look.face(made.printed_page(made.portrait(person))).liveness
    screen = look.face(made.on_a_screen(made.portrait(person))).liveness
    assert printed is not None
    assert screen is not None
    assert printed < 0.4
    assert screen < (0.8 if person == 1 else 0.5)


def test_a_tight_crop_is_told_by_its_room_since_liveness_fails_there(look: Look) -> None:
    tight = [look.face(made.tight_crop(made.portrait(person))) for person in range(made.PEOPLE)]
    assert all(face.room < 0.3 for face in tight)
    scores = [face.liveness for face in tight if face.liveness is not None]
    assert min(scores) < 0.5, "if this holds no longer, the framing rule may be relaxed"


@pytest.fixture
def red_meter(tmp_path: Path) -> AlignedLiveness:
    """insightface's adapter over a model of its contract, whose answer is the mean of the first channel."""
    pixels = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 80, 80])
    answer = helper.make_tensor_value_info("live", TensorProto.FLOAT, [1])
    nodes = [
        helper.make_node("Split", ["input"], ["r", "g", "b"], axis=1),
        helper.make_node("ReduceMean", ["r"], ["live"], axes=[1, 2, 3], keepdims=0),
    ]
    graph = helper.make_graph(nodes, "red", [pixels], [answer])
    path = tmp_path / "liveness.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=7), path)
    return AlignedLiveness(Liveness(path, providers=["CPUExecutionProvider"]), "red@0")


KEYPOINTS = np.array([[205, 270], [275, 270], [240, 310], [210, 350], [270, 350]], np.float32)
BOX: Box = (160, 200, 320, 400)


def test_a_licensed_addon_gets_red_first_as_a_fraction(red_meter: AlignedLiveness) -> None:
    pixels = np.zeros((640, 480, 3), np.uint8)
    pixels[..., 2] = 204
    assert red_meter.score(pixels, BOX, KEYPOINTS) == pytest.approx(0.8, abs=0.01)


def test_a_licensed_addon_without_room_has_not_checked(red_meter: AlignedLiveness) -> None:
    pixels = np.zeros((640, 480, 3), np.uint8)[230:390, 190:290]
    assert red_meter.score(np.ascontiguousarray(pixels), BOX, KEYPOINTS - [190, 230]) is None
