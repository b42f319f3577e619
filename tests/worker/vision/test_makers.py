"""The makers of test pictures keep the promises that other tests build on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import pictures as made
from worker.vision.engine import similarity
from worker.vision.insight import InsightEngine
from worker.vision.pictures import read_picture

START = b"\xff\xd8\xff"


def frames_of(path: Path) -> list[bytes]:
    return [START + part for part in path.read_bytes().split(START)[1:]]


def test_portraits_fit_the_upload_limit_and_hold_nothing_to_strip() -> None:
    for person in range(made.PEOPLE):
        for jpeg in (made.portrait(person), made.second_portrait(person)):
            assert len(jpeg) < 80_000
            assert read_picture(jpeg).clean is jpeg


@pytest.mark.parametrize("person", made.STEADY)
def test_chromium_s_camera_shows_a_living_matching_face(
    engine: InsightEngine, tmp_path: Path, person: int
) -> None:
    frames = frames_of(made.mjpeg_file(tmp_path / "face.mjpeg", made.portrait(person), frames=6))
    assert len(frames) == len(set(frames)) == 6
    template = engine.inspect(read_picture(made.portrait(person))).faces[0].embedding
    assert template is not None
    for frame in frames[::3]:
        report = engine.inspect(read_picture(frame))
        assert (report.width, report.height) == (640, 480)
        (face,) = report.faces
        assert face.face_px > 120
        assert face.room > 0.7
        assert face.liveness is not None
        assert face.liveness > 0.9
        assert face.embedding is not None
        assert similarity(face.embedding, template) > 0.85


def test_the_bomb_is_tiny() -> None:
    assert len(made.bomb_jpeg()) < 1000


def test_a_video_is_a_video() -> None:
    assert made.video_bytes()[:4] == b"RIFF"
