"""What the real models see of heads that turn, eyes that close, faces that come closer, and pictures held up."""

import numpy as np
import pytest

from api.biometrics.moves import Move, MoveThresholds
from tests import moves as made
from tests import pictures
from tests.worker.vision.conftest import Look
from worker.vision.measures import nose_across
from worker.vision.pictures import read_picture
from worker.vision.prints import nearest_before, print_of
from worker.vision.samples import to_jpeg

LIMITS = MoveThresholds()
#: Those whose heads face the camera in their portraits, and those whose eyes are open there.
AHEAD = (0, 2, 5, 6)
OPEN, SHUT = (1, 2, 6), (0, 5)
AFFINE = [np.array(matrix) for matrix in ([[1, 0.3], [0, 1]], [[0.6, 0], [0.1, 1.1]], [[0, -2], [2, 0]])]


def portrait_turned(person: int, degrees: float) -> bytes:
    return to_jpeg(made.turned(pictures._framed(person), degrees), 90)


@pytest.mark.parametrize("person", AHEAD)
def test_a_head_that_turns_is_seen_to_turn(look: Look, person: int) -> None:
    ahead = look.face(pictures.portrait(person))
    for degrees in (-40, -30, 30, 40):
        face = look.face(portrait_turned(person, degrees))
        assert face.yaw is not None
        assert ahead.yaw is not None
        assert face.nose is not None
        assert ahead.nose is not None
        side = np.sign(degrees)
        assert side * (face.yaw - ahead.yaw) >= LIMITS.turn_deg + 4, degrees
        assert side * (face.nose - ahead.nose) <= -LIMITS.turn_nose - 0.02, degrees


@pytest.mark.parametrize("person", AHEAD)
def test_a_picture_that_is_tilted_moves_no_nose(look: Look, person: int) -> None:
    """Whatever the pose model makes of it: up to 68 degrees."""
    ahead = look.face(pictures.portrait(person)).nose
    for tilt in (-50, -35, -20, 20, 35, 50):
        found = look.face(made.moved(pictures.portrait(person), tilt=tilt)).nose
        assert found is not None
        assert ahead is not None
        assert abs(found - ahead) < LIMITS.turn_nose - 0.01, tilt


@pytest.mark.parametrize("matrix", AFFINE, ids=["sheared", "squeezed", "turned"])
def test_no_move_of_a_plane_moves_the_nose_in_it(look: Look, matrix: np.ndarray) -> None:
    points = look.face(pictures.portrait(2)).keypoints
    before, after = nose_across(points), nose_across((points @ matrix.T + (7, -40)).astype(np.float32))
    assert before == pytest.approx(after, abs=1e-4)


def test_points_that_span_no_face_have_no_nose() -> None:
    assert nose_across(np.zeros((5, 2), np.float32)) is None


def test_eyes_read_as_they_are(look: Look) -> None:
    opened = [look.face(pictures.portrait(person)).eyes for person in OPEN]
    shut = [look.face(pictures.portrait(person)).eyes for person in SHUT]
    assert min(value for value in opened if value is not None) >= 0.9
    assert max(value for value in shut if value is not None) <= 0.05


@pytest.mark.parametrize("person", [2, pictures.ASTRONAUT])
def test_eyes_that_close_are_seen_to_close(look: Look, person: int) -> None:
    face = look.face(to_jpeg(made.closed(person), 88))
    assert face.eyes is not None
    assert face.eyes <= LIMITS.eyes_closed - 0.25


def test_of_what_was_not_asked_for_nothing_is_said(look: Look) -> None:
    face = look._engine.inspect(read_picture(pictures.portrait(2))).faces[0]
    assert (face.yaw, face.nose, face.eyes) == (None, None, None)


def test_one_picture_however_moved_is_told_from_a_head_that_moved(look: Look) -> None:
    portrait = pictures.portrait(2)
    held = [made.moved(portrait, zoom=zoom, shift=shift, turn=turn)
            for zoom, shift, turn in ((1.03, 6, 2), (1.3, 0, 0), (0.8, -20, -3))]  # fmt: skip
    for other in (*held, pictures.to_jpeg(pictures._pixels(portrait), 65)):
        assert likeness(look, portrait, other) >= LIMITS.still + 0.003
    for degrees in (2, 3, 6):
        assert likeness(look, portrait, portrait_turned(2, degrees)) <= LIMITS.still - 0.003


def likeness(look: Look, *frames: bytes) -> float:
    found = [print_of(read_picture(jpeg).pixels, look.face(jpeg).keypoints) for jpeg in frames]
    first, second = nearest_before([one.cut if one else None for one in found])
    assert first is None
    assert second is not None
    return second


def test_a_frame_without_a_face_is_compared_with_nothing(look: Look) -> None:
    found = print_of(read_picture(pictures.portrait(2)).pixels, look.face(pictures.portrait(2)).keypoints)
    assert found is not None
    assert nearest_before([None, found.cut, None, found.cut]) == [
        None,
        None,
        None,
        pytest.approx(1.0, abs=1e-3),
    ]


def test_a_face_that_comes_closer_grows(look: Look) -> None:
    far, near = look.frame(made.frame(move=Move.LOOK)), look.frame(made.frame(move=Move.COME_CLOSER))
    heights = [(frame.faces[0].box[3] - frame.faces[0].box[1]) / frame.height for frame in (far, near)]
    assert heights[1] / heights[0] >= LIMITS.closer + 0.03
