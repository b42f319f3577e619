"""From a report to what the rules read: nothing that did not run becomes a number."""

from dataclasses import replace

import numpy as np
import pytest

from api.biometrics.rules import FrameFacts
from worker.faces import embedding_bytes, embedding_from, facts_of
from worker.vision.engine import FaceReport, FrameReport
from worker.vision.measures import FloatArray


def direction(place: int, size: int = 512) -> FloatArray:
    embedding = np.zeros(size, np.float32)
    embedding[place] = 1
    return embedding


FACE = FaceReport(
    box=(100, 200, 260, 380),
    score=0.93,
    keypoints=np.zeros((5, 2), np.float32),
    embedding=direction(0),
    liveness=0.97,
    yaw=3.0,
    pitch=-14.0,
    roll=1.0,
    nose=0.0,
    eyes=0.9,
    sharpness=210.0,
    brightness=120.0,
    face_px=160.0,
    room=0.9,
)


def report(*faces: FaceReport) -> FrameReport:
    return FrameReport(480, 640, faces)


def test_the_largest_face_counts_and_all_are_counted() -> None:
    assert facts_of(report(FACE, replace(FACE, score=0.7)), [direction(0)]) == FrameFacts(
        faces=2,
        face_px=160.0,
        room=0.9,
        sharpness=210.0,
        brightness=120.0,
        detection=0.93,
        yaw=3.0,
        pitch=-14.0,
        roll=1.0,
        liveness=0.97,
        similarities=(1.0,),
    )


def test_no_face_is_no_face() -> None:
    assert facts_of(report(), [direction(0)]) == FrameFacts(faces=0)


def test_what_did_not_run_stays_not_checked() -> None:
    facts = facts_of(report(replace(FACE, embedding=None, liveness=None, yaw=None)), [direction(0)])
    assert (facts.similarities, facts.similarity, facts.live, facts.yaw) == (None, None, None, None)


def test_with_nothing_to_compare_nothing_was_compared() -> None:
    assert facts_of(report(FACE), []).similarity is None
    assert facts_of(report(FACE), [direction(0, 128)]).similarity is None


def test_each_template_is_compared_and_the_best_counts() -> None:
    facts = facts_of(report(FACE), [direction(1), -direction(0), direction(0) + direction(1)])
    assert facts.similarities == pytest.approx((0, -1, 2**-0.5))
    assert facts.similarity == pytest.approx(2**-0.5)


def test_an_embedding_survives_being_kept() -> None:
    embedding = np.random.default_rng(1).normal(size=512).astype(np.float32)
    kept = embedding_bytes(embedding)
    assert len(kept) == 2048
    assert np.array_equal(embedding_from(kept), embedding)


@pytest.mark.parametrize("kept", [b"", b"\0" * 2048, b"\xff" * 2048, b"\0\0\x80\x7f" * 512, b"abc"])
def test_what_is_no_embedding_is_said_to_be_none(kept: bytes) -> None:
    with pytest.raises(ValueError, match=r"length|multiple"):
        embedding_from(kept)
