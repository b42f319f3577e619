"""Pictures of faces: what a template and a check-in ask for, at each number."""

from dataclasses import fields, replace
from math import inf, nan, nextafter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.biometrics.rules import (
    Code,
    FaceThresholds,
    FrameFacts,
    framing,
    photo_quality,
    photo_usable,
    same_person,
)
from api.core.verdict import Reason, ReasonLevel

DEFAULTS = FaceThresholds()
GOOD = FrameFacts(
    faces=1,
    face_px=200.0,
    room=0.9,
    sharpness=150.0,
    brightness=150.0,
    detection=0.95,
    yaw=4.0,
    pitch=-14.0,
    roll=-2.0,
    liveness=0.98,
    similarities=(0.71, 0.64),
)


def codes(reasons: tuple[Reason, ...]) -> list[str]:
    return [str(reason.code) for reason in reasons]


def test_a_good_picture_passes_both() -> None:
    assert framing(GOOD, DEFAULTS) == ()
    assert photo_quality(GOOD, DEFAULTS) == ()


FRAMING = [
    ({"faces": 0}, ["NO_FACE"]),
    ({"faces": -1}, ["NO_FACE"]),
    ({"faces": 2}, ["SEVERAL_FACES"]),
    ({"faces": 7}, ["SEVERAL_FACES"]),
    ({"detection": 0.6}, []),
    ({"detection": nextafter(0.6, 0)}, ["FACE_UNSURE"]),
    ({"detection": nan}, ["FACE_UNSURE"]),
    ({"face_px": 135.0}, []),
    ({"face_px": nextafter(135, 0)}, ["FACE_TOO_SMALL"]),
    ({"face_px": nan}, ["FACE_TOO_SMALL"]),
    ({"room": 0.7}, []),
    ({"room": nextafter(0.7, 0)}, ["FACE_TOO_CLOSE"]),
    ({"room": -0.2}, ["FACE_TOO_CLOSE"]),
    ({"room": nan}, ["FACE_TOO_CLOSE"]),
    ({"face_px": 90.0, "room": 0.1}, ["FACE_AT_EDGE"]),
    ({"brightness": 40.0}, []),
    ({"brightness": nextafter(40, 0)}, ["FACE_TOO_DARK"]),
    ({"brightness": nan}, ["FACE_TOO_DARK"]),
    ({"brightness": 225.0}, []),
    ({"brightness": nextafter(225, 255)}, ["FACE_TOO_BRIGHT"]),
    ({"sharpness": 20.0}, []),
    ({"sharpness": nextafter(20, 0)}, ["FACE_BLURRED"]),
    ({"sharpness": nan}, ["FACE_BLURRED"]),
    ({"yaw": 80.0}, []),  # a challenge may ask for it
    ({"yaw": None, "pitch": None, "roll": None}, []),
    (
        {"face_px": 100.0, "brightness": 20.0, "sharpness": 1.0},
        ["FACE_TOO_SMALL", "FACE_TOO_DARK", "FACE_BLURRED"],
    ),
    ({"faces": 2, "brightness": 20.0}, ["SEVERAL_FACES"]),
]


@pytest.mark.parametrize(("change", "expected"), FRAMING)
def test_framing(change: dict[str, Any], expected: list[str]) -> None:
    reasons = framing(replace(GOOD, **change), DEFAULTS)
    assert codes(reasons) == expected
    assert all(reason.level == ReasonLevel.REFUSE for reason in reasons)


QUALITY = [
    ({"faces": 0}, ["NO_FACE"]),
    ({"faces": 3}, ["SEVERAL_FACES"]),
    ({"detection": 0.59}, ["FACE_UNSURE"]),
    ({"face_px": 120.0}, []),
    ({"face_px": nextafter(120, 0)}, ["FACE_TOO_SMALL"]),
    ({"room": 0.1}, []),
    ({"room": nextafter(0.1, 0)}, ["FACE_TOO_CLOSE"]),
    ({"face_px": 119.0, "room": 0.0}, ["FACE_AT_EDGE"]),
    ({"brightness": 60.0}, []),
    ({"brightness": nextafter(60, 0)}, ["FACE_TOO_DARK"]),
    ({"brightness": 215.0}, []),
    ({"brightness": nextafter(215, 255)}, ["FACE_TOO_BRIGHT"]),
    ({"sharpness": 35.0}, []),
    ({"sharpness": nextafter(35, 0)}, ["FACE_BLURRED"]),
    ({"yaw": 50.0}, []),
    ({"yaw": -50.0}, []),
    ({"yaw": nextafter(50, 90)}, ["FACE_TURNED"]),
    ({"yaw": -50.1}, ["FACE_TURNED"]),
    ({"yaw": nan}, ["FACE_TURNED"]),
    ({"pitch": 15.0}, []),
    ({"pitch": -45.0}, []),
    ({"pitch": 15.01}, ["FACE_TURNED"]),
    ({"pitch": -45.01}, ["FACE_TURNED"]),
    ({"roll": 35.0}, []),
    ({"roll": -35.0}, []),
    ({"roll": 35.01}, ["FACE_TURNED"]),
    ({"roll": -35.01}, ["FACE_TURNED"]),
    ({"yaw": None}, ["POSE_NOT_CHECKED"]),
    ({"pitch": None}, ["POSE_NOT_CHECKED"]),
    ({"roll": None}, ["POSE_NOT_CHECKED"]),
    ({"liveness": None, "similarities": None}, []),
]


@pytest.mark.parametrize(("change", "expected"), QUALITY)
def test_photo_quality(change: dict[str, Any], expected: list[str]) -> None:
    reasons = photo_quality(replace(GOOD, **change), DEFAULTS)
    assert codes(reasons) == expected
    assert photo_usable(reasons) == (not expected)


def test_what_was_not_checked_is_a_review_and_no_template() -> None:
    (reason,) = photo_quality(replace(GOOD, yaw=None), DEFAULTS)
    assert reason == Reason("POSE_NOT_CHECKED", ReasonLevel.REVIEW)
    assert not photo_usable([reason])
    assert photo_usable([Reason("ANY", ReasonLevel.FLAG)])


def test_figures_are_told_whole() -> None:
    (small,) = framing(replace(GOOD, face_px=131.9), DEFAULTS)
    assert small.params == {"face_px": 131, "limit_px": 135}
    (broken,) = framing(replace(GOOD, face_px=nan), DEFAULTS)
    assert broken.params == {"face_px": 0, "limit_px": 135}
    (many,) = framing(replace(GOOD, faces=3), DEFAULTS)
    assert many.params == {"count": 3}


@given(
    st.builds(
        FrameFacts,
        faces=st.integers(-1, 3),
        face_px=st.floats(),
        room=st.floats(),
        sharpness=st.floats(),
        brightness=st.floats(),
        detection=st.floats(),
        yaw=st.none() | st.floats(),
        pitch=st.none() | st.floats(),
        roll=st.none() | st.floats(),
    )
)
@settings(max_examples=200, deadline=None, database=None)
def test_whatever_passes_is_within_every_bound(facts: FrameFacts) -> None:
    if not framing(facts, DEFAULTS):
        assert facts.faces == 1
        assert facts.face_px >= 135
        assert facts.room >= 0.7
        assert 40 <= facts.brightness <= 225
        assert facts.sharpness >= 20
        assert facts.detection >= 0.6
    if photo_usable(photo_quality(facts, DEFAULTS)):
        assert facts.yaw is not None
        assert abs(facts.yaw) <= 50


# --- scores ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cosines", "best"),
    [
        (None, None),
        ((), None),
        ((0.3,), 0.3),
        ((0.3, 0.7, 0.5), 0.7),
        ((-0.2, -0.4), -0.2),
        ((1.001,), 1.001),
        ((1.002,), None),
        ((-1.002, 0.9), None),
        ((0.9, nan), None),
        ((nan, 0.9), None),
        ((0.9, inf), None),
    ],
)
def test_the_best_template_counts_and_what_is_no_cosine_was_not_checked(
    cosines: tuple[float, ...] | None, best: float | None
) -> None:
    assert replace(GOOD, similarities=cosines).similarity == best


@pytest.mark.parametrize(
    ("given", "live"),
    [
        (None, None),
        (0.0, 0.0),
        (1.0, 1.0),
        (-0.001, -0.001),
        (1.001, 1.001),
        (-0.002, None),
        (1.002, None),
        (nan, None),
        (inf, None),
    ],
)
def test_what_is_no_probability_was_not_checked(given: float | None, live: float | None) -> None:
    assert replace(GOOD, liveness=given).live == live


# --- one person --------------------------------------------------------------------------------------------


def matrix(*pairs: tuple[int, int, float], count: int, like: float = 0.8) -> list[list[float]]:
    rows = [[1.0 if a == b else like for b in range(count)] for a in range(count)]
    for a, b, value in pairs:
        rows[a][b] = rows[b][a] = value
    return rows


@pytest.mark.parametrize(
    ("similarities", "named"),
    [
        ([], []),
        ([[1.0]], []),
        ([[nan]], []),
        (matrix(count=5), []),
        (matrix(count=2, like=0.45), []),
        (matrix(count=2, like=nextafter(0.45, 0)), [1, 2]),
        (matrix((0, 2, 0.1), (1, 2, 0.1), count=3), [3]),
        (matrix((0, 2, nan), (1, 2, nan), count=3), [3]),
        (matrix((0, 1, 0.1), (0, 2, 0.1), (0, 3, 0.1), count=4), [1]),
        (matrix(count=3, like=0.0), [1, 2, 3]),
    ],
)
def test_the_odd_photograph_is_named(similarities: list[list[float]], named: list[int]) -> None:
    reasons = same_person(similarities, DEFAULTS)
    assert [(reason.code, reason.params["photo"]) for reason in reasons] == [
        ("PHOTO_OTHER_PERSON", number) for number in named
    ]
    assert not photo_usable(reasons) or not named


def test_two_that_disagree_among_three_cannot_be_told_apart() -> None:
    assert same_person(matrix((0, 2, 0.2), count=3), DEFAULTS) == (
        Reason("PHOTOS_DISAGREE", ReasonLevel.REFUSE),
    )


@pytest.mark.parametrize("rows", [[[1.0, 0.5]], [[1.0, 0.5], [0.5]]])
def test_a_matrix_must_be_square(rows: list[list[float]]) -> None:
    with pytest.raises(ValueError, match="no square"):
        same_person(rows, DEFAULTS)


@given(st.integers(2, 5), st.data())
@settings(max_examples=100, deadline=None, database=None)
def test_every_pair_that_disagrees_is_said(count: int, data: st.DataObject) -> None:
    pairs = [(a, b) for a in range(count) for b in range(a)]
    values = data.draw(st.lists(st.floats(-1, 1), min_size=len(pairs), max_size=len(pairs)))
    rows = matrix(*((a, b, value) for (a, b), value in zip(pairs, values, strict=True)), count=count)
    assert bool(same_person(rows, DEFAULTS)) == any(value < 0.45 for value in values)


# --- the numbers -------------------------------------------------------------------------------------------


def test_defaults_are_the_measured_numbers() -> None:
    assert DEFAULTS.to_mapping() == {
        "min_face_px": 135.0,
        "min_room": 0.7,
        "min_sharpness": 20.0,
        "min_brightness": 40.0,
        "max_brightness": 225.0,
        "min_detection": 0.6,
        "enrol_min_face_px": 120.0,
        "enrol_min_room": 0.1,
        "enrol_min_sharpness": 35.0,
        "enrol_min_brightness": 60.0,
        "enrol_max_brightness": 215.0,
        "max_yaw_deg": 50.0,
        "max_pitch_deg": 30.0,
        "max_roll_deg": 35.0,
        "level_pitch_deg": -15.0,
        "same_person": 0.45,
        "match": 0.45,
        "match_review": 0.38,
        "other_person": 0.20,
        "already_enrolled": 0.55,
        "liveness": 0.5,
        "liveness_review": 0.8,
        "replay": 0.985,
        "replay_signs": 88,
        "replay_window_days": 90,
    }
    assert FaceThresholds.from_mapping(DEFAULTS.to_mapping()) == DEFAULTS


def test_every_number_is_bounded_and_named() -> None:
    for item in fields(FaceThresholds):
        assert item.metadata["least"] <= item.default <= item.metadata["most"]
        for beyond in (item.metadata["least"] - 0.01, item.metadata["most"] + 0.01, nan):
            with pytest.raises(ValueError, match=f"^{item.name}: "):
                FaceThresholds.from_mapping({item.name: beyond})


def test_no_agency_can_edit_the_face_away() -> None:
    for data in ({"match": 0.29}, {"match_review": 0.19}, {"liveness": 0.09}, {"same_person": 0.19}):
        with pytest.raises(ValueError, match="is not between"):
            FaceThresholds.from_mapping(data)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        ({"match": 0.37}, "match_review: 0.38 is above match"),
        ({"match_review": 0.46}, "match_review: 0.46 is above match"),
        ({"other_person": 0.39}, "other_person: 0.39 is above match_review"),
        ({"liveness": 0.81}, "liveness: 0.81 is above liveness_review"),
        ({"min_brightness": 226}, "min_brightness: 226 is above max_brightness"),
        ({"enrol_max_brightness": 59}, "enrol_min_brightness: 60.0 is above enrol_max_brightness"),
        ({"accuracy": 1}, "accuracy: no such setting"),
    ],
)
def test_contradictions_are_refused_by_name(data: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}"):
        FaceThresholds.from_mapping(data)


def test_a_band_may_be_closed() -> None:
    assert FaceThresholds(match=0.45, match_review=0.45).match_review == 0.45


def test_codes_are_their_own_names() -> None:
    assert all(code.name == code.value for code in Code)
