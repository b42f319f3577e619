"""P6, P15, P16 for the eyes: the engine against its bare ONNX runs, its memory and its start."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tests.pictures import STEADY, portrait
from worker.vision.insight import InsightEngine, aligned
from worker.vision.liveness import CropLiveness, liveness_crop
from worker.vision.packs import load_engine
from worker.vision.pictures import read_picture

ROUNDS = 60
_MEAN = (127.5, 127.5, 127.5)
_REPOSITORY = Path(__file__).resolve().parent.parent
#: A process that does what a worker does before and at its first picture, and tells what that took.
_FIRST_PICTURE = """
import json, re, sys, time
from pathlib import Path
from worker.vision.packs import load_engine
from worker.vision.pictures import read_picture
start = time.perf_counter()
engine = load_engine(Path(sys.argv[1]))
loaded = time.perf_counter() - start
picture = sys.stdin.buffer.read()
for _ in range(20):
    assert engine.inspect(read_picture(picture), pose=True).faces[0].embedding is not None
# Not ru_maxrss, which a child inherits from whoever forked it.
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
print(json.dumps({"load": loaded, "peak": peak}))
"""


def measure() -> list[dict[str, Any]]:
    """Rows {"id", "what", "value", "floor", "ratio", "must", "stretch"}; takes about ten seconds."""
    pack = Path(os.environ.get("HADIR_FACE_PACK") or _REPOSITORY / ".data/packs/hadir-default")
    return [_wall(pack), *_fresh_process(pack)]


def _wall(pack: Path) -> dict[str, Any]:
    engine = load_engine(pack)
    assert isinstance(engine, InsightEngine)
    jpegs = [portrait(person) for person in STEADY]
    whole = [partial(_inspect, engine, jpeg) for jpeg in jpegs]
    bare = [_bare(engine, jpeg) for jpeg in jpegs]
    own: list[float] = []
    floor: list[float] = []
    for turn in range(ROUNDS):  # in turns, so that a neighbour's noise falls on both
        own.append(_seconds(whole[turn % len(whole)]))
        floor.append(_seconds(bare[turn % len(bare)]))
    # The lower quartile: on a shared machine the upper half tells of its neighbours.
    value, least = (1000 * statistics.quantiles(times)[0] for times in (own, floor))
    what = "one 480×640 picture: decode, detect, embed, liveness (ms) against bare ONNX runs and decoding"
    return _row("P6", what, value, least, must=1.2, stretch=1.1)


def _inspect(engine: InsightEngine, jpeg: bytes) -> None:
    engine.inspect(read_picture(jpeg))


def _bare(engine: InsightEngine, jpeg: bytes) -> Callable[[], None]:
    """The unavoidable: decoding and the three sessions, on the very tensors that the engine gives them."""
    pixels = read_picture(jpeg).pixels
    face = engine.inspect(read_picture(jpeg)).faces[0]
    assert isinstance(engine.liveness, CropLiveness)
    detector, recogniser = engine.analysis.models["detection"], engine.analysis.models["recognition"]
    width, height = detector.input_size
    scale = min(width / pixels.shape[1], height / pixels.shape[0])
    canvas = np.zeros((height, width, 3), np.uint8)
    small = cv2.resize(pixels, None, fx=scale, fy=scale)
    canvas[: small.shape[0], : small.shape[1]] = small
    crop = aligned(pixels, face.keypoints, recogniser.input_size[0])
    around = liveness_crop(pixels, face.box)
    runs = [
        (detector.session, cv2.dnn.blobFromImage(canvas, 1 / 128, mean=_MEAN, swapRB=True)),
        (recogniser.session, cv2.dnn.blobFromImage(crop, 1 / 127.5, mean=_MEAN, swapRB=True)),
        (engine.liveness.session, np.ascontiguousarray(around.transpose(2, 0, 1)[None], np.float32)),
    ]
    encoded = np.frombuffer(jpeg, np.uint8)

    def run() -> None:
        cv2.imdecode(encoded, cv2.IMREAD_COLOR)
        for session, blob in runs:
            session.run(None, {session.get_inputs()[0].name: blob})

    return run


def _fresh_process(pack: Path) -> list[dict[str, Any]]:
    start = time.perf_counter()
    run = subprocess.run(
        [sys.executable, "-c", _FIRST_PICTURE, str(pack)],
        input=portrait(STEADY[0]),
        stdout=subprocess.PIPE,
        cwd=_REPOSITORY,
        check=True,
    )
    seconds = time.perf_counter() - start
    answer = json.loads(run.stdout)
    return [
        _row(
            "P15", "memory of a process with the eyes open, after 20 pictures (MB)", answer["peak"], 400, 1, 1
        ),
        _row("P16", "process start to 20 pictures inspected (s)", seconds, 4, 1, 1),
    ]


def _seconds(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def _row(id_: str, what: str, value: float, floor: float, must: float, stretch: float) -> dict[str, Any]:
    return {
        "id": id_,
        "what": what,
        "value": round(value, 2),
        "floor": round(floor, 2),
        "ratio": round(value / floor, 3),
        "must": must,
        "stretch": stretch,
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1, ensure_ascii=False))
