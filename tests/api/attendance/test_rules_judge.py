"""The verdict: the worst finding decides, and what did not run is never a pass."""

from dataclasses import replace
from itertools import permutations
from math import nan, nextafter
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.attendance.models import CheckInState
from api.attendance.rules import LEVELS, Code, Past, Verdict, VerdictState, judge
from api.biometrics.rules import FaceThresholds, FrameFacts
from api.core.verdict import Reason, ReasonLevel
from api.sites.rules import PositionResult, PositionVerdict

INFO, FLAG, REVIEW, REFUSE = ReasonLevel
DEFAULTS = FaceThresholds()
HERE = PositionVerdict(PositionResult.INSIDE, (Reason("POSITION_INSIDE", INFO),))
GOOD = FrameFacts(
    faces=1,
    face_px=200.0,
    room=0.9,
    sharpness=150.0,
    brightness=150.0,
    detection=0.95,
    liveness=0.98,
    similarities=(0.71, 0.64),
)
DARK = replace(GOOD, brightness=10.0)
TWO = replace(GOOD, faces=2)
#: Compared, and like nothing before.
NEW = Past(complete=True)
EARLIER = UUID(int=7)


def verdict(*frames: FrameFacts, position: PositionVerdict | None = HERE, **more: Any) -> Verdict:
    return judge(frames, position, DEFAULTS, more.pop("vision_ran", True), **{"past": NEW, **more})


def codes(judged: Verdict) -> list[str]:
    return [str(reason.code) for reason in judged.reasons]


def test_the_states_are_those_that_rows_keep() -> None:
    assert {state.value for state in VerdictState} == {state.value for state in CheckInState} - {
        "PENDING",
        "SUPERSEDED",
    }


def test_a_living_match_at_the_place_is_accepted_with_its_reasons() -> None:
    judged = verdict(GOOD)
    assert (judged.state, judged.similarity, judged.liveness, judged.matched) == (
        "ACCEPTED",
        0.71,
        0.98,
        True,
    )
    assert codes(judged) == ["FACE_MATCHED", "POSITION_INSIDE"]


@pytest.mark.parametrize(
    ("level", "state"),
    [(INFO, "ACCEPTED"), (FLAG, "FLAGGED"), (REVIEW, "REVIEW"), (REFUSE, "REFUSED")],
)
def test_the_level_of_the_worst_reason_is_the_state(level: ReasonLevel, state: str) -> None:
    position = PositionVerdict(PositionResult.INSIDE, (Reason("A", INFO), Reason("B", level)))
    judged = verdict(GOOD, position=position)
    assert judged.state == state
    assert [reason.level for reason in judged.reasons] == sorted([level, INFO, INFO], reverse=True)


@pytest.mark.parametrize(
    ("similarity", "code", "state"),
    [
        (0.45, "FACE_MATCHED", "ACCEPTED"),
        (nextafter(0.45, 0), "FACE_UNCERTAIN", "REVIEW"),
        (0.38, "FACE_UNCERTAIN", "REVIEW"),
        (nextafter(0.38, 0), "FACE_DIFFERENT", "REFUSED"),
        (0.0, "FACE_DIFFERENT", "REFUSED"),
        (-1.0, "FACE_DIFFERENT", "REFUSED"),
    ],
)
def test_match(similarity: float, code: str, state: str) -> None:
    judged = verdict(replace(GOOD, similarities=(similarity,)))
    assert (judged.state, judged.similarity, judged.matched) == (state, similarity, state == "ACCEPTED")
    assert [c for c in codes(judged) if c != "POSITION_INSIDE"] == [code]


@pytest.mark.parametrize(
    ("liveness", "code", "state"),
    [
        (0.8, "FACE_MATCHED", "ACCEPTED"),
        (nextafter(0.8, 0), "LIVENESS_UNCERTAIN", "REVIEW"),
        (0.5, "LIVENESS_UNCERTAIN", "REVIEW"),
        (nextafter(0.5, 0), "LIVENESS_UNCONFIRMED", "REFUSED"),
        (0.0, "LIVENESS_UNCONFIRMED", "REFUSED"),
    ],
)
def test_liveness_vetoes_the_match(liveness: float, code: str, state: str) -> None:
    judged = verdict(replace(GOOD, liveness=liveness))
    assert (judged.state, judged.liveness, judged.matched) == (state, liveness, state == "ACCEPTED")
    assert [c for c in codes(judged) if c != "POSITION_INSIDE"] == [code]
    assert judged.similarity == 0.71


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (replace(GOOD, liveness=None), "LIVENESS_NOT_CHECKED"),
        (replace(GOOD, liveness=nan), "LIVENESS_NOT_CHECKED"),
        (replace(GOOD, similarities=None), "MATCH_NOT_CHECKED"),
        (replace(GOOD, similarities=()), "MATCH_NOT_CHECKED"),
        (replace(GOOD, similarities=(nan,)), "MATCH_NOT_CHECKED"),
    ],
)
def test_a_stage_that_did_not_run_is_a_review(frame: FrameFacts, code: str) -> None:
    for judged in (verdict(frame), verdict(GOOD, frame), verdict(frame, GOOD)):
        assert judged.state == "REVIEW"
        assert not judged.matched
        assert codes(judged) == [code, "POSITION_INSIDE"]
    assert verdict(GOOD, frame).similarity == 0.71
    assert verdict(GOOD, frame).liveness == 0.98


def test_vision_that_did_not_run_is_a_review_whatever_it_claims() -> None:
    judged = verdict(GOOD, vision_ran=False)
    assert (judged.state, judged.matched, judged.similarity) == ("REVIEW", False, None)
    assert codes(judged) == ["FACE_NOT_CHECKED", "POSITION_INSIDE"]
    assert codes(verdict(vision_ran=False, unreadable=2)) == ["FACE_NOT_CHECKED", "POSITION_INSIDE"]


def test_no_frame_is_a_review() -> None:
    assert (verdict().state, codes(verdict())) == ("REVIEW", ["FACE_NOT_CHECKED", "POSITION_INSIDE"])


@pytest.mark.parametrize("frames", [(), (GOOD,), (GOOD, DARK)])
def test_one_unreadable_photograph_asks_for_new_ones(frames: tuple[FrameFacts, ...]) -> None:
    judged = verdict(*frames, unreadable=1)
    assert (judged.state, judged.matched) == ("REFUSED", False)
    assert codes(judged) == ["PHOTO_UNREADABLE", "POSITION_INSIDE"]


def test_a_position_that_was_not_judged_is_a_review() -> None:
    assert verdict(GOOD, position=None).state == "REVIEW"
    assert codes(verdict(GOOD, position=None)) == ["POSITION_NOT_CHECKED", "FACE_MATCHED"]
    for result in (PositionResult.NOT_CHECKED, PositionResult.UNUSABLE):
        silent = verdict(GOOD, position=PositionVerdict(result, (Reason("A", FLAG),)))
        assert codes(silent) == ["POSITION_NOT_CHECKED", "A", "FACE_MATCHED"]
        said = verdict(GOOD, position=PositionVerdict(result, (Reason("A", REVIEW),)))
        assert codes(said) == ["A", "FACE_MATCHED"]


# --- several frames ----------------------------------------------------------------------------------------


def test_badly_framed_pictures_ask_for_another_with_the_advice_of_the_best() -> None:
    assert codes(verdict(DARK)) == ["FACE_TOO_DARK", "POSITION_INSIDE"]
    assert verdict(DARK).state == "REFUSED"
    worse = replace(DARK, sharpness=1.0, face_px=90.0)
    assert codes(verdict(worse, DARK)) == ["FACE_TOO_DARK", "POSITION_INSIDE"]
    assert codes(verdict(TWO)) == ["SEVERAL_FACES", "POSITION_INSIDE"]
    assert (verdict(DARK).similarity, verdict(DARK).liveness, verdict(DARK).matched) == (None, None, False)


def test_a_bad_frame_beside_a_good_one_is_looked_past() -> None:
    assert verdict(DARK, GOOD) == verdict(GOOD)


def test_somebody_beside_in_one_frame_is_accepted_and_flagged_once() -> None:
    for frames in ((TWO, GOOD), (GOOD, TWO, TWO)):
        judged = verdict(*frames)
        assert (judged.state, judged.matched) == ("FLAGGED", True)
        assert codes(judged) == ["SEVERAL_FACES", "FACE_MATCHED", "POSITION_INSIDE"]


def test_the_best_frame_counts_for_the_match() -> None:
    aside = replace(GOOD, similarities=(0.20, 0.05))
    judged = verdict(aside, GOOD)
    assert (judged.state, judged.similarity) == ("ACCEPTED", 0.71)


def test_a_frame_of_somebody_else_vetoes() -> None:
    foreign = replace(GOOD, similarities=(nextafter(0.20, 0), 0.1))
    judged = verdict(GOOD, foreign)
    assert (judged.state, judged.matched, judged.similarity) == ("REVIEW", False, 0.71)
    assert codes(judged) == ["FRAMES_DISAGREE", "POSITION_INSIDE"]
    uncertain = verdict(replace(GOOD, similarities=(0.4,)), foreign)
    assert codes(uncertain) == ["FACE_UNCERTAIN", "FRAMES_DISAGREE", "POSITION_INSIDE"]


def test_one_frame_that_is_not_live_vetoes() -> None:
    judged = verdict(GOOD, GOOD, replace(GOOD, liveness=0.2))
    assert (judged.state, judged.matched, judged.liveness) == ("REFUSED", False, 0.2)


def test_not_live_and_not_checked_are_both_said() -> None:
    judged = verdict(replace(GOOD, liveness=0.2), replace(GOOD, liveness=None))
    assert codes(judged) == ["LIVENESS_UNCONFIRMED", "LIVENESS_NOT_CHECKED", "POSITION_INSIDE"]


def test_partly_compared_is_not_compared() -> None:
    judged = verdict(replace(GOOD, similarities=(0.1,)), replace(GOOD, similarities=None))
    assert codes(judged) == ["FACE_DIFFERENT", "MATCH_NOT_CHECKED", "POSITION_INSIDE"]


def test_another_agency_s_thresholds_are_used() -> None:
    strict = FaceThresholds(match=0.8, match_review=0.75, liveness=0.985, liveness_review=0.99)
    assert codes(judge([GOOD], HERE, strict, True, past=NEW)) == [
        "FACE_DIFFERENT",
        "LIVENESS_UNCONFIRMED",
        "POSITION_INSIDE",
    ]


# --- photographs that come again ---------------------------------------------------------------------------


@pytest.mark.parametrize("likeness", [0.985, 1.0, nan])
@pytest.mark.parametrize("complete", [True, False])
def test_a_photograph_that_comes_again_waits_for_a_person(likeness: float, complete: bool) -> None:
    judged = verdict(GOOD, past=Past(complete, EARLIER, likeness))
    assert (judged.state, judged.repeats) == ("REVIEW", EARLIER)
    assert codes(judged) == ["PHOTO_REPEATED", "FACE_MATCHED", "POSITION_INSIDE"]


@pytest.mark.parametrize("likeness", [None, -1.0, 0.9, nextafter(0.985, 0)])
def test_a_photograph_that_is_only_like_an_earlier_one_passes(likeness: float | None) -> None:
    judged = verdict(GOOD, past=Past(True, EARLIER, likeness))
    assert (judged.state, judged.repeats) == ("ACCEPTED", None)
    assert judged == verdict(GOOD)


@pytest.mark.parametrize("past", [None, Past(False), Past(False, EARLIER, 0.5)])
def test_a_photograph_that_was_not_compared_is_a_review(past: Past | None) -> None:
    judged = verdict(GOOD, past=past)
    assert (judged.state, judged.repeats) == ("REVIEW", None)
    assert codes(judged) == ["PHOTO_NOT_COMPARED", "FACE_MATCHED", "POSITION_INSIDE"]


def test_what_stands_against_a_face_anyway_is_said_alone() -> None:
    for judged in (verdict(DARK, past=None), verdict(vision_ran=False, past=None)):
        assert "PHOTO_NOT_COMPARED" not in codes(judged)
    assert codes(verdict(DARK, past=Past(True, EARLIER, 1.0))) == [
        "FACE_TOO_DARK",
        "PHOTO_REPEATED",
        "POSITION_INSIDE",
    ]
    assert codes(verdict(vision_ran=False, past=Past(True, EARLIER, 1.0)))[1] == "PHOTO_REPEATED"


# --- whatever the numbers ----------------------------------------------------------------------------------

steady = settings(max_examples=300, deadline=None, database=None)
SCORES = st.none() | st.floats() | st.sampled_from([0.1, 0.38, 0.45, 0.5, 0.8, 0.9])
FRAMES = st.builds(
    replace,
    st.sampled_from([GOOD, GOOD, DARK, TWO]),
    liveness=SCORES,
    similarities=st.none() | st.lists(st.floats(-1, 1) | st.just(nan), max_size=3).map(tuple),
)
REASONS = st.lists(st.builds(Reason, st.sampled_from("ABC"), st.sampled_from(ReasonLevel)), max_size=3).map(
    tuple
)
POSITIONS = st.none() | st.builds(PositionVerdict, st.sampled_from(PositionResult), REASONS)
ORDER = [state.value for state in VerdictState]


PASTS = st.none() | st.builds(Past, st.booleans(), st.just(EARLIER), st.none() | st.floats(-1, 1))


@given(st.lists(FRAMES, max_size=4), POSITIONS, st.booleans(), st.integers(0, 2), PASTS)
@steady
def test_nothing_is_accepted_where_a_stage_is_missing(
    frames: list[FrameFacts], position: PositionVerdict | None, ran: bool, unreadable: int, past: Past | None
) -> None:
    judged = judge(frames, position, DEFAULTS, ran, unreadable, past)
    well = [frame for frame in frames if frame.faces == 1 and frame.brightness == 150]
    missing = (
        not ran
        or unreadable > 0
        or not well
        or any(frame.live is None or frame.similarity is None for frame in well)
        or position is None
        or position.result in ("NOT_CHECKED", "UNUSABLE")
        or past is None
        or not past.complete
    )
    if missing:
        assert ORDER.index(judged.state) >= ORDER.index("REVIEW")
    if judged.state in ("ACCEPTED", "FLAGGED"):
        assert judged.matched
    if judged.matched:
        assert judged.similarity is not None
        assert judged.similarity >= 0.45
        assert min(frame.live or 0.0 for frame in well) >= 0.8
    assert judged.state == ORDER[max((r.level for r in judged.reasons), default=INFO)]


@given(st.lists(FRAMES, min_size=1, max_size=3), REASONS, st.sampled_from(ReasonLevel))
@steady
def test_another_reason_never_betters_a_verdict(
    frames: list[FrameFacts], reasons: tuple[Reason, ...], level: ReasonLevel
) -> None:
    before = judge(frames, PositionVerdict(PositionResult.INSIDE, reasons), DEFAULTS, True, past=NEW)
    more = (*reasons, Reason("NEW", level))
    after = judge(frames, PositionVerdict(PositionResult.INSIDE, more), DEFAULTS, True, past=NEW)
    assert ORDER.index(after.state) >= ORDER.index(before.state)


@given(st.lists(FRAMES, min_size=1, max_size=3))
@steady
def test_the_order_of_frames_is_of_no_account(frames: list[FrameFacts]) -> None:
    states = {judge(order, HERE, DEFAULTS, True, past=NEW).state for order in permutations(frames)}
    assert len(states) == 1


@given(st.lists(FRAMES, min_size=1, max_size=3), FRAMES)
@steady
def test_a_further_frame_that_can_be_judged_undoes_no_veto(
    frames: list[FrameFacts], more: FrameFacts
) -> None:
    before, after = judge(frames, HERE, DEFAULTS, True), judge([*frames, more], HERE, DEFAULTS, True)
    if any(reason.code == Code.LIVENESS_UNCONFIRMED for reason in before.reasons):
        assert after.state == "REFUSED"


def test_levels_are_fixed_for_every_code() -> None:
    assert set(LEVELS) == set(Code)
    assert {code for code, level in LEVELS.items() if level == INFO} == {
        "FACE_MATCHED",
        "LIVENESS_BY_MOVES",
    }
    assert {code for code, level in LEVELS.items() if level == REFUSE} == {
        "PHOTO_UNREADABLE",
        "FACE_DIFFERENT",
        "LIVENESS_UNCONFIRMED",
    }
    assert FLAG not in LEVELS.values()
