"""When moves are asked for, which, and what doubt a check-in without them leaves."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle
from typing import Any

import pytest

from api.attendance.challenge import ChallengePolicy, at_start, choose, drawing, one_more_step
from api.attendance.rules import Code, Past, Verdict, judge
from api.biometrics.moves import MOVES, TURNS, Findings
from api.biometrics.moves import Code as MoveCode
from api.biometrics.rules import FaceThresholds, FrameFacts
from api.core.verdict import Reason, ReasonLevel
from api.sites.rules import PositionResult, PositionVerdict

CLEAR = FrameFacts(
    faces=1, face_px=180.0, room=1.0, sharpness=100.0, brightness=120.0, detection=0.9, liveness=0.98,
    similarities=(0.8,),
)  # fmt: skip
IN_BAND = replace(CLEAR, liveness=0.7)
HERE = PositionVerdict(PositionResult.INSIDE, (Reason("POSITION_INSIDE", ReasonLevel.INFO),))
MARKED = PositionVerdict(PositionResult.INSIDE, (Reason("ACCURACY_LOW", ReasonLevel.FLAG),))
AWAY = PositionVerdict(PositionResult.OUTSIDE, (Reason("POSITION_OUTSIDE", ReasonLevel.REVIEW),))
SEEN = Findings((Reason(MoveCode.MOVES_SEEN, ReasonLevel.INFO),), ())
UNSEEN = Findings((Reason(MoveCode.BLINK_NOT_SEEN, ReasonLevel.REVIEW),), ())
FACE = FaceThresholds()
NEW = Past(complete=True)


def dealing(*numbers: int) -> Callable[[int], int]:
    left: Iterator[int] = cycle(numbers)
    return lambda below: next(left) % below


def verdict(
    frame: FrameFacts = CLEAR, position: PositionVerdict = HERE, moves: Findings | None = None
) -> Verdict:
    return judge([frame], position, FACE, True, past=NEW, moves=moves)


def codes(found: Verdict) -> list[str]:
    return [str(reason.code) for reason in found.reasons]


@pytest.mark.parametrize(
    ("policy", "new_device", "drawn", "asked"),
    [
        ({"mode": "PASSIVE"}, True, 0, False),
        ({"mode": "ALWAYS"}, False, 1, True),
        ({}, False, 1, False),
        ({}, True, 1, True),
        ({}, False, 0, True),
        ({"one_in": 0}, False, 0, False),
        ({"one_in": 1}, False, 5, True),
        ({"on": ["LIVENESS"]}, True, 1, False),
    ],
)
def test_when_moves_are_asked_for_at_the_start(
    policy: dict[str, Any], new_device: bool, drawn: int, asked: bool
) -> None:
    assert at_start(ChallengePolicy.from_mapping(policy), new_device, dealing(drawn)) is asked


def test_who_asks_again_draws_the_same_and_nobody_else_does() -> None:
    orders = {seed: choose(ChallengePolicy(), drawing(seed)) for seed in map(str, range(300))}
    assert all(choose(ChallengePolicy(), drawing(seed)) == order for seed, order in orders.items())
    assert len(set(orders.values())) == 34
    one_in_twenty = sum(at_start(ChallengePolicy(), False, drawing(str(seed))) for seed in range(4_000))
    assert 140 < one_in_twenty < 260


def test_every_order_of_two_or_three_moves_with_a_turn_can_come() -> None:
    seen = {
        choose(ChallengePolicy(), dealing(count, *draws))
        for count in (0, 1)
        for draws in ((a, b, c, d, e, f) for a in range(4) for b in range(3) for c in range(2)
                      for d in range(4) for e in range(3) for f in range(2))
    }  # fmt: skip
    assert len(seen) == 34
    for moves in seen:
        assert 2 <= len(moves) == len(set(moves)) <= 3
        assert set(moves) <= set(MOVES)
        assert set(moves) & set(TURNS), "no flat picture turns its head"


def test_an_agency_chooses_how_many() -> None:
    policy = ChallengePolicy.from_mapping({"least_moves": 3})
    assert len(choose(policy, dealing(0, 1, 2))) == 3


@pytest.mark.parametrize(
    "wrong",
    [
        {"mode": "SOMETIMES"}, {"on": ["WEATHER"]}, {"on": "DEVICE"}, {"one_in": -1}, {"least_moves": 4},
        {"least_moves": 3, "most_moves": 2}, {"unknown": 1},
    ],
)  # fmt: skip
def test_an_absurd_policy_is_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ChallengePolicy.from_mapping(wrong)


@pytest.mark.parametrize(
    ("frame", "position", "new_device", "policy", "asked"),
    [
        (CLEAR, HERE, False, {}, False),
        (IN_BAND, HERE, False, {}, True),
        (CLEAR, MARKED, False, {}, True),
        (CLEAR, HERE, True, {}, True),
        (IN_BAND, HERE, False, {"on": ["POSITION", "DEVICE"]}, False),
        (CLEAR, MARKED, True, {"on": ["LIVENESS"]}, False),
        (IN_BAND, MARKED, True, {"mode": "PASSIVE"}, False),
        (CLEAR, HERE, False, {"mode": "ALWAYS"}, True),
        # What a person has to look at anyway, and what is refused, stays as it is.
        (IN_BAND, AWAY, True, {}, False),
        (replace(CLEAR, liveness=0.2), HERE, True, {}, False),
        (replace(CLEAR, similarities=(0.1,)), HERE, True, {}, False),
        (replace(CLEAR, similarities=(0.4,)), HERE, True, {}, False),
    ],
)
def test_doubt_asks_for_one_more_step(
    frame: FrameFacts, position: PositionVerdict, new_device: bool, policy: dict[str, Any], asked: bool
) -> None:
    before = verdict(frame, position)
    marked = position is MARKED
    after = one_more_step(before, marked, new_device, ChallengePolicy.from_mapping(policy))
    assert (str(Code.CHALLENGE_ASKED) in codes(after)) is asked
    if asked:
        assert after.state == "REVIEW"
        assert codes(after)[0] == Code.CHALLENGE_ASKED
    else:
        assert after == before


def test_moves_settle_the_doubt_about_a_photograph() -> None:
    found = verdict(IN_BAND, moves=SEEN)
    assert found.state == "ACCEPTED"
    assert found.matched
    assert codes(found) == [Code.LIVENESS_BY_MOVES, MoveCode.MOVES_SEEN, "POSITION_INSIDE"]


@pytest.mark.parametrize(
    ("frame", "position", "moves", "state"),
    [
        (CLEAR, HERE, SEEN, "ACCEPTED"),
        (CLEAR, MARKED, SEEN, "FLAGGED"),
        (CLEAR, AWAY, SEEN, "REVIEW"),
        (CLEAR, HERE, UNSEEN, "REVIEW"),
        (IN_BAND, HERE, UNSEEN, "REVIEW"),
        # A photograph that says no still says no, and another person's face stays another's.
        (replace(CLEAR, liveness=0.2), HERE, SEEN, "REFUSED"),
        (replace(CLEAR, similarities=(0.1,)), HERE, SEEN, "REFUSED"),
        (replace(CLEAR, liveness=None), HERE, SEEN, "REVIEW"),
    ],
)
def test_moves_are_one_finding_among_others(
    frame: FrameFacts, position: PositionVerdict, moves: Findings, state: str
) -> None:
    assert verdict(frame, position, moves).state == state
