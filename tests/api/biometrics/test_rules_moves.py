"""Moves judged over a burst of figures: what each shows, in which order, and whether it is one piece of time."""

from dataclasses import replace
from itertools import permutations
from math import inf, nan
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.biometrics.moves import (
    MOVES,
    NOT_SEEN,
    BurstFrame,
    Code,
    Findings,
    Move,
    MoveThresholds,
    judge_moves,
)
from api.core.verdict import ReasonLevel, worst

LIMITS = MoveThresholds()
LOOK = BurstFrame(
    at=0, faces=1, x=0.4, y=0.5, size=0.3, yaw=3.0, nose=0.02, eyes=0.95, alike=0.9, likeness=0.8
)
#: As measured on the test pictures.
SHOWN: dict[Move, dict[str, Any]] = {
    Move.LOOK: {},
    Move.TURN_LEFT: {"yaw": -11.0, "nose": 0.2, "alike": 0.7},
    Move.TURN_RIGHT: {"yaw": 18.0, "nose": -0.19, "alike": 0.7},
    Move.BLINK: {"eyes": 0.03},
    Move.COME_CLOSER: {"size": 0.39},
}
ASKED = [order for count in (2, 3) for order in permutations(MOVES, count)]


def burst(*moves: Move) -> list[BurstFrame]:
    """One frame for each, half a second apart."""
    frames = [replace(LOOK, at=0.5 * number, **SHOWN[move]) for number, move in enumerate(moves)]
    return [replace(frames[0], alike=None, likeness=None), *frames[1:]]


def made(*moves: Move) -> list[BurstFrame]:
    """A look, then each with a look after it."""
    return burst(Move.LOOK, *(one for move in moves for one in (move, Move.LOOK)))


def codes(found: Findings) -> list[str]:
    return [reason.code for reason in found.reasons]


@pytest.mark.parametrize("asked", ASKED, ids="-".join)
def test_moves_in_the_order_asked_are_seen(asked: tuple[Move, ...]) -> None:
    found = judge_moves(asked, made(*asked), LIMITS)
    assert codes(found) == [Code.MOVES_SEEN]
    assert found.passed
    assert found.seen == tuple((move, True) for move in asked)


@pytest.mark.parametrize("asked", ASKED, ids="-".join)
def test_any_other_order_is_told_so(asked: tuple[Move, ...]) -> None:
    for order in permutations(asked):
        if order != asked:
            found = judge_moves(asked, made(*order), LIMITS)
            assert codes(found) == [Code.MOVES_OTHER_ORDER], order
            assert not found.passed


@pytest.mark.parametrize("asked", ASKED, ids="-".join)
def test_each_move_that_is_left_out_is_named(asked: tuple[Move, ...]) -> None:
    for missing in asked:
        rest = [move for move in asked if move != missing]
        found = judge_moves(asked, made(*rest), LIMITS)
        assert codes(found) == [NOT_SEEN[missing]]
        assert dict(found.seen) == {**dict.fromkeys(rest, True), missing: False}


L, R, B, C, S = Move.TURN_LEFT, Move.TURN_RIGHT, Move.BLINK, Move.COME_CLOSER, Move.LOOK


@pytest.mark.parametrize(
    ("asked", "frames", "code"),
    [
        ((L, R), (S, L, R, S), Code.MOVES_SEEN),  # from one side to the other without a rest
        ((L, B), (S, B, L, S, B, S, B, S), Code.MOVES_SEEN),  # eyes blink by themselves
        ((L, C), (S, B, L, B, S, C, S), Code.MOVES_SEEN),
        ((L, B), (S, L, L, L, S, B, B, S), Code.MOVES_SEEN),  # slowly
        ((L, C), (S, L, S, R, S, C, S), Code.MOVES_OTHER_ORDER),  # a move that nobody asked for
        ((L, C), (S, L, S, C, S, L, S), Code.MOVES_OTHER_ORDER),  # one of them twice
        ((R, C), (S, R, C, L), Code.MOVES_OTHER_ORDER),  # one more, and never back from it
        ((R, C), (S, R, C, S, B), Code.MOVES_SEEN),
        ((L, R), (S, R, S, L, S, R, S), Code.MOVES_OTHER_ORDER),  # all orders at once
        ((L, B), (S, B, L, S, S), Code.MOVES_OTHER_ORDER),
        ((L, C), (S, L, S, C), Code.COME_CLOSER_NOT_SEEN),  # never back: a picture that was pushed nearer
        ((L, R), (S, S, S, S, S, S), Code.TURN_LEFT_NOT_SEEN),
    ],
)
def test_what_counts_as_the_order_asked(
    asked: tuple[Move, ...], frames: tuple[Move, ...], code: Code
) -> None:
    assert codes(judge_moves(asked, burst(*frames), LIMITS))[0] == code


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"yaw": 3.0 + LIMITS.turn_deg, "nose": 0.02 - LIMITS.turn_nose}, R),
        ({"yaw": 3.0 - LIMITS.turn_deg, "nose": 0.02 + LIMITS.turn_nose}, L),
        ({"yaw": 60.0, "nose": 0.02 - LIMITS.turn_nose + 1e-6}, S),  # a flat picture that is tilted
        ({"yaw": -60.0, "nose": 0.02 + LIMITS.turn_nose - 1e-6}, S),
        ({"yaw": 60.0, "nose": 0.4}, S),  # the model and the nose disagree
        ({"yaw": 3.0, "nose": 0.4}, S),
        ({"size": 0.3 * LIMITS.closer + 1e-9}, C),
        ({"size": 0.3 * LIMITS.closer - 1e-6}, S),
        ({"eyes": LIMITS.eyes_closed}, B),
        ({"eyes": LIMITS.eyes_closed + 1e-6}, S),
        ({"eyes": 0.0, "yaw": 20.0, "nose": -0.3}, R),  # eyes are not judged from the side
        ({"eyes": 0.0, "size": 0.6}, C),
        ({"faces": 0}, None),
    ],
)
def test_what_a_frame_shows(change: dict[str, Any], shown: Move | None) -> None:
    frames = made(L, B)
    frames[1] = replace(frames[1], **{**SHOWN[S], "yaw": 3.0, "nose": 0.02, **change})
    assert judge_moves((L, B), frames, LIMITS).shown[1] == shown


def test_eyes_that_read_closed_from_the_first_cannot_close() -> None:
    frames = [replace(frame, eyes=0.05) for frame in made(L, B)]
    assert codes(judge_moves((L, B), frames, LIMITS)) == [Code.BLINK_NOT_SEEN]


def test_a_face_seen_from_the_side_to_begin_with_is_asked_to_look_ahead() -> None:
    frames = made(L, B)
    frames = [replace(frame, nose=(frame.nose or 0) + 0.4) for frame in frames]
    assert codes(judge_moves((L, B), frames, LIMITS)) == [Code.LOOK_NOT_SEEN]


@pytest.mark.parametrize(
    ("place", "change", "code", "level"),
    [
        (2, {"alike": 0.39}, Code.FACE_CHANGED, ReasonLevel.REVIEW),
        (4, {"alike": None}, Code.FACE_CHANGED, ReasonLevel.REVIEW),
        (2, {"faces": 0}, Code.FACE_NOT_IN_ALL, ReasonLevel.REVIEW),
        (4, {"likeness": LIMITS.still}, Code.FRAMES_STILL, ReasonLevel.REVIEW),
        (4, {"likeness": nan}, Code.FRAMES_STILL, ReasonLevel.REVIEW),
        (2, {"x": 1.3}, Code.FRAMES_JUMP, ReasonLevel.REVIEW),
        (2, {"y": nan}, Code.FRAMES_JUMP, ReasonLevel.REVIEW),
        (2, {"x": 1.3, "at": -inf}, Code.FRAMES_JUMP, ReasonLevel.REVIEW),
        (4, {"repeated": True}, Code.FRAMES_REPEATED, ReasonLevel.REFUSE),
    ],
)
def test_a_burst_is_one_face_in_one_piece_of_time(
    place: int, change: dict[str, Any], code: Code, level: ReasonLevel
) -> None:
    frames = made(L, B)
    frames[place] = replace(frames[place], **change)
    found = judge_moves((L, B), frames, LIMITS)
    assert codes(found) == [code]
    assert worst(found.reasons) == level


def test_somebody_behind_the_person_is_no_other_person() -> None:
    frames = made(L, B)
    frames[2] = replace(frames[2], faces=2)
    assert judge_moves((L, B), frames, LIMITS).passed


@pytest.mark.parametrize(
    ("asked", "frames"),
    [
        ((L, B), []),
        ((L, B), made(L, B)[:2]),
        ((), made(L)),
        ((L, B), [replace(frame, yaw=None) for frame in made(L, B)]),
        ((L, B), [replace(frame, nose=None) for frame in made(L, B)]),
        ((L, B), [replace(frame, eyes=None) for frame in made(L, B)]),
        ((L, R), [replace(frame, yaw=nan) for frame in made(L, R)]),
        ((L, R), [replace(made(L, R)[0], faces=0), *made(L, R)[1:]]),
    ],
)
def test_what_no_model_looked_at_is_not_checked(asked: tuple[Move, ...], frames: list[BurstFrame]) -> None:
    found = judge_moves(asked, frames, LIMITS)
    assert codes(found) == [Code.MOVES_NOT_CHECKED]
    assert worst(found.reasons) == ReasonLevel.REVIEW
    assert not any(seen for _, seen in found.seen)


def test_without_an_eye_model_moves_that_need_none_are_judged() -> None:
    assert judge_moves((L, C), [replace(frame, eyes=None) for frame in made(L, C)], LIMITS).passed


figure = st.one_of(st.none(), st.floats(-100, 100), st.sampled_from([nan, inf, -inf]))
frames_of_any_kind = st.lists(
    st.builds(
        BurstFrame,
        at=st.floats(allow_nan=True),
        faces=st.integers(0, 3),
        x=st.floats(),
        y=st.floats(),
        size=st.floats(),
        yaw=figure,
        nose=figure,
        eyes=figure,
        alike=figure,
        likeness=figure,
        repeated=st.booleans(),
    ),
    max_size=8,
)


@given(st.sampled_from(ASKED), frames_of_any_kind)
def test_whatever_is_measured_something_is_said(asked: tuple[Move, ...], frames: list[BurstFrame]) -> None:
    found = judge_moves(asked, frames, LIMITS)
    assert found.reasons
    assert [move for move, _ in found.seen] == list(asked)
    assert found.passed == (worst(found.reasons) == ReasonLevel.INFO)
    assert not found.passed or all(seen for _, seen in found.seen)


@given(st.sampled_from(ASKED), st.lists(st.sampled_from(list(Move)), min_size=1, max_size=8))
def test_no_other_sequence_passes(asked: tuple[Move, ...], shown: list[Move]) -> None:
    """Whatever passes shows the moves asked for, in their order, no other but a blink, and rest at both ends."""
    found = judge_moves(asked, burst(S, *shown), LIMITS)
    if found.passed:
        runs = [move for move, before in zip(shown, [S, *shown], strict=False) if move != before]
        willed = [move for move in runs if move not in (S, B)]
        assert willed == [move for move in asked if move != B]
        assert shown[-1] not in asked or shown[-1] == B


@given(st.sampled_from(ASKED), st.floats(-20, 20), st.floats(-0.2, 0.2), st.floats(0.2, 0.6))
def test_only_changes_count(asked: tuple[Move, ...], yaw: float, nose: float, size: float) -> None:
    """How a head is built, how a camera sees it and how far away it is: the same burst, moved and scaled."""
    frames = [
        replace(
            frame,
            yaw=(frame.yaw or 0) + yaw,
            nose=(frame.nose or 0) + nose,
            size=frame.size * size / 0.3 * 1.0001,
        )
        for frame in made(*asked)
    ]
    assert judge_moves(asked, frames, LIMITS).passed


@pytest.mark.parametrize(
    "wrong", [{"eyes_closed": 0.6, "eyes_open": 0.5}, {"turn_nose": 0}, {"still": 1.1}, {"jump": nan}]
)
def test_absurd_thresholds_are_named(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        MoveThresholds.from_mapping(wrong)
