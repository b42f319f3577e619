"""The one detector graph: detection, suppression and landmarks behind SCRFD's nine outputs.

insightface reads a detector's answer as distances from a fixed grid of anchors. The detector packaged here
answers with finished boxes instead, so each face that survives suppression is written, as distances, into the
first anchors of the stride-8 grid, and all other anchors keep score 0. insightface then decodes exactly the
boxes and points that the two models found, and needs no patch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from onnx.compose import add_prefix_graph
from onnx.version_converter import convert_version

#: Height and width of the input in pixels, as the detector was trained. Landmarks from twice the size moved
#: embeddings by 0.001 (cosine) and cost a tenth of the whole inspection.
HEIGHT, WIDTH = 240, 320
STRIDES = (8, 16, 32)
ANCHORS_A_CELL = 2
#: More faces than this in one picture are not reported; attendance needs "one" and "more than one".
MAX_FACES = 16
#: Boxes under this score never leave the graph; the caller's own threshold stands above it.
MIN_SCORE = 0.5
MAX_OVERLAP = 0.4
#: Last opset before Softmax and Unsqueeze change meaning, so that converting the old exports is mechanical.
OPSET = 12
#: Fixed, so that the same sources give the same bytes whatever the builder's onnx release prefers.
IR_VERSION = 7

_FloatArray = NDArray[np.float32]
#: The three outputs of a stride, and their columns.
_COLUMNS = {"score": 1, "box": 4, "points": 10}


def detector_with_landmarks(detector: onnx.ModelProto, landmarks: onnx.ModelProto) -> onnx.ModelProto:
    """Join the 240×320 box detector and the 64×64 landmark model.

    Input 1×3×240×320 RGB as (x − 127.5) / 128. Outputs, each for strides 8, 16, 32: scores N×1, box distances
    N×4 and point offsets N×10 in units of the stride, N = two anchors a cell.
    """
    graph = _Graph()
    _shift_mean(graph)
    graph.absorb(_part(detector, "detect_"))
    _choose_faces(graph)
    _crop_for_landmarks(graph)
    graph.absorb(_part(landmarks, "points_"))
    _five_points(graph)
    _nine_outputs(graph)
    return graph.model()


def five_point_weights() -> _FloatArray:
    """136×10: 68 (x, y) landmarks to eye, eye, nose, mouth corner, mouth corner.

    The eyes are the means of their four lid points, the mouth corners of the outer and inner corner (iBUG
    68-point numbering), as the package's own alignment takes them.
    """
    groups = [(37, 38, 40, 41), (43, 44, 46, 47), (30,), (48, 60), (54, 64)]
    weights = np.zeros((136, 10), np.float32)
    for point, members in enumerate(groups):
        for member in members:
            for axis in (0, 1):
                weights[2 * member + axis, 2 * point + axis] = 1 / len(members)
    return weights


def _part(model: onnx.ModelProto, prefix: str) -> onnx.GraphProto:
    return add_prefix_graph(convert_version(model, OPSET).graph, prefix)


class _Graph:
    """Collects nodes and constants of the joined graph."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def absorb(self, part: onnx.GraphProto) -> None:
        self.nodes.extend(part.node)
        self.constants.extend(part.initializer)

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(value, name))
        return name

    def floats(self, name: str, *values: float) -> str:
        return self.constant(name, np.array(values, np.float32))

    def integers(self, name: str, *values: int) -> str:
        return self.constant(name, np.array(values, np.int64))

    def op(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], name=output, **attributes))
        return output

    def model(self) -> onnx.ModelProto:
        pixels = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, HEIGHT, WIDTH])
        graph = helper.make_graph(self.nodes, "hadir_detector", [pixels], _output_infos(), self.constants)
        model = helper.make_model(
            graph,
            producer_name="hadir",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
        )
        onnx.checker.check_model(model)
        return model


def _anchor_count(stride: int) -> int:
    return (HEIGHT // stride) * (WIDTH // stride) * ANCHORS_A_CELL


def _output_infos() -> list[onnx.ValueInfoProto]:
    return [
        helper.make_tensor_value_info(f"{kind}_{stride}", TensorProto.FLOAT, [_anchor_count(stride), columns])
        for kind, columns in _COLUMNS.items()
        for stride in STRIDES
    ]


def _shift_mean(g: _Graph) -> None:
    """`detect_input`: the detector was trained on (x − 127) / 128, insightface gives (x − 127.5) / 128."""
    g.op("Add", ["input", g.floats("mean_shift", 0.5 / 128)], "detect_input")


def _choose_faces(g: _Graph) -> None:
    """Suppression: `box` K×4 corners in input pixels, `score` K×1."""
    g.op("Transpose", ["detect_scores"], "scores_by_class", perm=[0, 2, 1])
    g.op("Gather", ["scores_by_class", g.integers("face_class", 1)], "face_scores", axis=1)
    limits = [
        g.integers("max_faces", MAX_FACES),
        g.floats("max_overlap", MAX_OVERLAP),
        g.floats("min_score", MIN_SCORE),
    ]
    g.op("NonMaxSuppression", ["detect_boxes", "face_scores", *limits], "kept")
    g.op("Gather", ["kept", g.constant("index_column", np.array(2, np.int64))], "kept_index", axis=1)
    g.op("Squeeze", ["detect_boxes"], "boxes_flat", axes=[0])
    g.op("Gather", ["boxes_flat", "kept_index"], "box_unit", axis=0)
    g.op("Mul", ["box_unit", g.floats("box_scale", WIDTH, HEIGHT, WIDTH, HEIGHT)], "box")
    g.op("Squeeze", ["face_scores"], "scores_flat", axes=[0, 1])
    g.op("Gather", ["scores_flat", "kept_index"], "score_flat", axis=0)
    g.op("Unsqueeze", ["score_flat"], "score", axes=[1])


def _crop_for_landmarks(g: _Graph) -> None:
    """Grey 64×64 crops of the square as high as the box: `points_input` K×1×64×64 in 0–1, `square` K×4."""
    to_square = np.array(
        [[0.5, 0, 0.5, 0], [0.5, 1, -0.5, 0], [0.5, 0, 0.5, 0], [-0.5, 0, 0.5, 1]], np.float32
    )
    g.op("MatMul", ["box", g.constant("to_square", to_square)], "square")
    # RoiAlign of this opset takes pixel centres at whole numbers; the square is in edges.
    g.op("Sub", ["square", g.floats("half_pixel", 0.5)], "rois")
    g.op("Mul", ["kept_index", g.integers("zero", 0)], "roi_image")
    size = {"output_height": 64, "output_width": 64, "sampling_ratio": 1}
    g.op("RoiAlign", ["input", "rois", "roi_image"], "crops", **size)
    # Grey only after cropping: over the whole picture it would cost as much as the detector.
    luma = np.array([0.299, 0.587, 0.114], np.float32).reshape(1, 3, 1, 1) * np.float32(128 / 256)
    g.op("Conv", ["crops", g.constant("luma", luma), g.floats("luma_bias", 127.5 / 256)], "points_input")


def _five_points(g: _Graph) -> None:
    """`points` K×10 in input pixels."""
    g.op("MatMul", ["points_output", g.constant("five_of_68", five_point_weights())], "points_unit")
    side = np.array([[0], [-1], [0], [1]], np.float32)
    g.op("MatMul", ["square", g.constant("to_side", side)], "side")
    origin = np.vstack([np.tile(np.eye(2, dtype=np.float32), 5), np.zeros((2, 10), np.float32)])
    g.op("MatMul", ["square", g.constant("to_origin", origin)], "origin")
    g.op("Mul", ["points_unit", "side"], "points_scaled")
    g.op("Add", ["points_scaled", "origin"], "points")


def _nine_outputs(g: _Graph) -> None:
    """Write the K faces into the first K anchors of stride 8; everything else is zero."""
    stride = STRIDES[0]
    places = np.arange(MAX_FACES) // ANCHORS_A_CELL
    anchors = np.stack([places * stride, np.zeros(MAX_FACES)], axis=1).astype(np.float32)
    g.op("Shape", ["kept_index"], "count")
    start, axis = g.integers("start", 0), g.integers("axis", 0)
    for kind, columns in (("box", 4), ("points", 10)):
        sign = np.array([-1, -1, 1, 1] if kind == "box" else [1] * columns, np.float32) / stride
        g.constant(f"{kind}_anchors", np.tile(anchors, columns // 2))
        g.op("Slice", [f"{kind}_anchors", start, "count", axis], f"{kind}_anchor")
        g.op("Sub", [kind, f"{kind}_anchor"], f"{kind}_offset")
        g.op("Mul", [f"{kind}_offset", g.constant(f"{kind}_sign", sign)], f"{kind}_distance")
    _pad(g)


def _pad(g: _Graph) -> None:
    """Fill the stride-8 outputs up to the grid's length; strides 16 and 32 are empty."""
    g.op("Sub", [g.integers("grid", _anchor_count(STRIDES[0])), "count"], "missing")
    g.op("Concat", [g.integers("pad_head", 0, 0), "missing", g.integers("pad_tail", 0)], "pads", axis=0)
    for kind, columns in _COLUMNS.items():
        found = kind if kind == "score" else f"{kind}_distance"
        g.op("Pad", [found, "pads"], f"{kind}_{STRIDES[0]}", mode="constant")
        for stride in STRIDES[1:]:
            empty = g.constant(
                f"{kind}_none_{stride}", np.zeros((_anchor_count(stride), columns), np.float32)
            )
            g.op("Identity", [empty], f"{kind}_{stride}")
