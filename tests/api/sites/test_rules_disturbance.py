"""When a site is disturbed, and what an earlier verdict becomes by what is known since."""

import itertools
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

import pytest

from api.core.verdict import Reason, ReasonLevel
from api.sites.rules import (
    Code,
    Passage,
    PositionThresholds,
    Span,
    Surroundings,
    disturbed_spans,
    look_again,
)

T = datetime(2026, 11, 23, 0, 30, tzinfo=UTC)
LIMITS = PositionThresholds()
WINDOW = timedelta(seconds=LIMITS.disturbed_window_s)
INFO, FLAG, REVIEW, REFUSE = ReasonLevel


def passage(minute: float, person: int, failed: bool = True) -> Passage:
    return Passage(T + timedelta(minutes=minute), UUID(int=person), failed)


FIVE = [passage(minute, minute) for minute in range(5)]


def test_five_who_fail_together_disturb_a_site_until_a_window_after_the_last() -> None:
    assert disturbed_spans(FIVE, LIMITS) == [Span(T, T + timedelta(minutes=4) + WINDOW)]


@pytest.mark.parametrize(
    "passages",
    [
        [],
        FIVE[:4],
        [passage(minute, 1) for minute in range(9)],
        [*FIVE[:4], passage(30.1, 5)],
        [*(passage(0, person, False) for person in range(10, 16)), *FIVE],
    ],
    ids=["nobody", "four", "one person often", "the fifth too late", "six others well"],
)
def test_fewer_than_many_together_disturb_nothing(passages: list[Passage]) -> None:
    assert disturbed_spans(passages, LIMITS) == []


def test_who_fails_later_moves_the_end_and_a_pause_ends_it() -> None:
    on = [*FIVE, *(passage(20 + n, 10 + n) for n in range(5))]
    again = [passage(200 + n, n) for n in range(5)]
    first, second = disturbed_spans([*on, *again], LIMITS)
    assert (first.since, first.until) == (T, T + timedelta(minutes=24) + WINDOW)
    assert second.since == T + timedelta(minutes=200)


def test_spans_are_the_same_as_by_counting_each_window_anew() -> None:
    random = Random(7)
    for _ in range(200):
        limits = PositionThresholds(disturbed_failures=random.randint(2, 4))
        passages = sorted(
            (
                passage(random.uniform(0, 120), random.randrange(6), random.random() < 0.6)
                for _ in range(random.randrange(30))
            ),
            key=lambda one: one.at,
        )
        marked = [
            one.at
            for one in passages
            if one.failed
            and any(
                counts(passages, end.at, limits) and end.at - WINDOW <= one.at <= end.at for end in passages
            )
        ]
        spans = disturbed_spans(passages, limits)
        assert all(any(span.since <= at < span.until for span in spans) for at in marked)
        assert {span.since for span in spans} <= set(marked)
        assert all(a.until < b.since for a, b in itertools.pairwise(spans))


def counts(passages: list[Passage], end: datetime, limits: PositionThresholds) -> bool:
    inside = [one for one in passages if end - WINDOW <= one.at <= end]
    failing = {one.person for one in inside if one.failed}
    ends_in_failure = any(one.at == end and one.failed for one in inside)
    return (
        ends_in_failure
        and len(failing) >= limits.disturbed_failures
        and len(failing) * 2 >= len({one.person for one in inside})
    )


LOW = Reason(Code.ACCURACY_LOW, FLAG, {"accuracy_m": 150, "limit_m": 100})
FAST = Reason(Code.SPEED_SUSPICIOUS, FLAG, {"speed_kmh": 300, "limit_kmh": 200})
GOOD = Reason(Code.ACCURACY_TOO_GOOD, FLAG)
TOGETHER = Reason(Code.SIGNALS_TOGETHER, REVIEW, {"count": 2})
OUTSIDE = Reason(Code.POSITION_OUTSIDE, REVIEW)
DISTURBED = Surroundings(disturbed=True)


def levels(reasons: tuple[Reason, ...]) -> dict[str, ReasonLevel]:
    assert len({reason.code for reason in reasons}) == len(reasons), "none twice"
    return {reason.code: reason.level for reason in reasons}


def test_a_flag_from_before_the_mark_is_held_back_and_kept() -> None:
    reasons, score = look_again([LOW], LIMITS, DISTURBED)
    assert levels(reasons) == {"ACCURACY_LOW": INFO, "SITE_DISTURBED": INFO}
    assert reasons[0].params == {**LOW.params, "held": "FLAG"}
    assert score == 0


def test_what_flags_amounted_to_together_goes_with_them_and_what_is_graver_stays() -> None:
    assert levels(look_again([TOGETHER, FAST, GOOD], LIMITS, DISTURBED)[0]) == {
        "SPEED_SUSPICIOUS": INFO, "ACCURACY_TOO_GOOD": INFO, "SITE_DISTURBED": INFO,
    }  # fmt: skip
    assert levels(look_again([OUTSIDE, LOW], LIMITS, DISTURBED)[0])["POSITION_OUTSIDE"] == REVIEW


def test_without_a_mark_the_sum_of_flags_is_what_it_was() -> None:
    assert levels(look_again([TOGETHER, FAST, GOOD], LIMITS, Surroundings())[0]) == levels(
        (TOGETHER, FAST, GOOD)
    )


def test_who_shared_a_point_or_a_device_is_found_out_later_too() -> None:
    around = Surroundings(others_at_point=1, accounts_on_device=2)
    reasons, _ = look_again([LOW], LIMITS, around)
    assert levels(reasons) == {"COORDINATES_SHARED": REVIEW, "DEVICE_SHARED": REVIEW, "ACCURACY_LOW": FLAG}
    assert reasons[0].params == {"others": 1}
    assert reasons[1].params == {"accounts": 2}


@pytest.mark.parametrize(
    "around", [DISTURBED, Surroundings(2, 3), Surroundings(2, 3, disturbed=True), Surroundings()]
)
def test_looking_once_more_changes_nothing(around: Surroundings) -> None:
    once = look_again([OUTSIDE, TOGETHER, FAST, LOW], LIMITS, around)
    assert look_again(once[0], LIMITS, around) == once
