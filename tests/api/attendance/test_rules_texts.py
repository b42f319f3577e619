"""Every finding has its sentence in both languages, and every placeholder its figure."""

import re
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from uuid import UUID

import pytest

from api.attendance.challenge import ChallengePolicy, one_more_step
from api.attendance.rules import Code as VerdictCode
from api.attendance.rules import Past, judge
from api.biometrics.moves import MOVES, BurstFrame, MoveThresholds, judge_moves
from api.biometrics.moves import Code as MoveCode
from api.biometrics.rules import Code as FaceCode
from api.biometrics.rules import FaceThresholds, FrameFacts, photo_quality, same_person
from api.core.i18n import LOCALES, catalogue, say
from api.core.verdict import Reason, ReasonLevel
from api.sites.rules import (
    Circle,
    Fix,
    History,
    PositionResult,
    PositionThresholds,
    PositionVerdict,
    Surroundings,
    assess,
    check_input,
)
from api.sites.rules import Code as PositionCode

CODES = sorted({*PositionCode, *FaceCode, *VerdictCode, *MoveCode})
NOW = datetime(2026, 11, 23, 0, 25, tzinfo=UTC)
OFFICE = Circle(UUID(int=1), -6.1751, 106.8272, 100.0)
#: Nothing more is to be done where all is well.
CONTENT = {"POSITION_INSIDE", "FACE_MATCHED", "LIVENESS_BY_MOVES", "MOVES_SEEN"}


@cache
def emitted() -> dict[str, Reason]:
    """One reason of each code, made by the rules themselves."""
    reasons = [*position_reasons(), *face_reasons(), *move_reasons()]
    return {str(reason.code): reason for reason in reasons}


def position_reasons() -> list[Reason]:
    limits, here = PositionThresholds(), Fix(-6.1751, 106.8272, 10.0, NOW)

    def at(
        north: float = 0.0, accuracy: float | None = 10.0, age: float = 0.0, speed: float | None = None
    ) -> Fix:
        return Fix(-6.1751 + north, 106.8272, accuracy, NOW - timedelta(seconds=age), speed=speed)

    said: list[Reason | None] = [
        check_input(Fix(float("nan"), 1.0, 1.0, NOW)),
        check_input(Fix(91.0, 1.0, 1.0, NOW)),
        check_input(Fix(1.0, 1.0, 1.0, NOW.replace(tzinfo=None))),
    ]
    worthless = [Fix(0.0, 0.0, 1.0, NOW), at(age=200), at(age=-90), at(accuracy=None), at(accuracy=2e3)]
    busy = Surroundings(others_at_point=1, accounts_on_device=2)
    yesterday = History(Fix(3.0, 98.0, 10.0, NOW - timedelta(hours=4)), identical_check_ins=4)
    now = History(Fix(3.0, 98.0, 10.0, NOW - timedelta(minutes=4)))
    for fixes, circles, history, around in (
        ([], [OFFICE], History(), busy),
        ([here] * 3, [], yesterday, busy),
        ([here] * 3, [OFFICE], yesterday, Surroundings()),
        ([here], [OFFICE], now, busy),
        ([at(accuracy=0.1, speed=99.0)], [OFFICE], History(), Surroundings()),
        ([at(accuracy=150.0)], [OFFICE], History(), Surroundings(disturbed=True)),
        ([at(north=1.0)], [OFFICE], History(), Surroundings()),
        (worthless, [OFFICE], History(), Surroundings()),
    ):
        said += assess(fixes, circles, NOW, limits, history, around).reasons
    return [reason for reason in said if reason is not None]


def face_reasons() -> list[Reason]:
    limits = FaceThresholds()
    good = {
        "faces": 1,
        "face_px": 200.0,
        "room": 1.0,
        "sharpness": 99.0,
        "brightness": 120.0,
        "detection": 1.0,
    }

    def facts(**change: object) -> FrameFacts:
        return FrameFacts(**(good | {"yaw": 0.0, "pitch": 0.0, "roll": 0.0} | change))  # type: ignore[arg-type]

    said: list[Reason] = []
    for change in (
        {"faces": 0},
        {"faces": 2},
        {"detection": 0.1},
        {"face_px": 50.0},
        {"room": 0.0},
        {"room": 0.0, "face_px": 50.0},
        {"sharpness": 1.0},
        {"brightness": 1.0},
        {"brightness": 250.0},
        {"yaw": 80.0},
        {"yaw": None},
    ):
        said += photo_quality(facts(**change), limits)
    said += same_person([[1.0, 0.1], [0.1, 1.0]], limits)
    said += same_person([[1.0, 0.8, 0.1], [0.8, 1.0, 0.8], [0.1, 0.8, 1.0]], limits)
    live, match = {"liveness": 0.9}, {"similarities": (0.9,)}
    for frames, ran, unreadable in (
        ([], False, 0),
        ([], True, 1),
        ([facts(**live)], True, 0),
        ([facts(**match)], True, 0),
        ([facts(**live, **match)], True, 0),
        ([facts(**live, similarities=(0.4,)), facts(liveness=0.6, similarities=(0.1,))], True, 0),
        ([facts(liveness=0.1, similarities=(0.1,))], True, 0),
    ):
        said += judge(frames, None, limits, ran, unreadable).reasons
    said += judge([facts(**live)], None, limits, True, awaiting=True).reasons
    for past in (Past(True, UUID(int=1), 1.0), Past(True, None, 1.0, enrolled=True)):
        said += judge([], None, limits, False, past=past).reasons
    return said


def move_reasons() -> list[Reason]:
    look = BurstFrame(at=0, faces=1, size=0.3, yaw=0.0, nose=0.0, eyes=1.0, alike=0.9, likeness=0.8)
    left = replace(look, yaw=-20.0, nose=0.2)
    said: list[Reason] = []
    for asked, frames in (
        (MOVES, [look, look, look, look, look]),
        (MOVES[:1], []),
        (MOVES[:1], [look, left, look]),
        (MOVES[:1], [look, left, look, left, look]),
        (MOVES[:1], [replace(look, nose=0.7), replace(look, faces=0)]),
        (MOVES[:1], [look, replace(look, alike=0.1, likeness=1.0), replace(look, x=9.0)]),
        (MOVES[:1], [look, replace(look, repeated=True)]),
    ):
        said += judge_moves(asked, frames, MoveThresholds()).reasons
    good = FrameFacts(
        faces=1, face_px=200.0, room=1.0, sharpness=99.0, brightness=120.0, detection=1.0,
        similarities=(0.9,), liveness=0.7,
    )  # fmt: skip
    here = PositionVerdict(PositionResult.INSIDE, ())
    seen = judge_moves(MOVES[:1], [look, left, look], MoveThresholds())
    said += judge([good], here, FaceThresholds(), True, moves=seen).reasons
    alone = judge([good], here, FaceThresholds(), True)
    said += one_more_step(alone, False, True, ChallengePolicy()).reasons
    return said


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_the_rules_themselves_speak_every_code() -> None:
    assert set(emitted()) == set(map(str, CODES))


def test_no_code_means_two_things() -> None:
    assert len(CODES) == len(PositionCode) + len(FaceCode) + len(VerdictCode) + len(MoveCode)
    assert all(re.fullmatch(r"[A-Z]+(_[A-Z]+)*", code) for code in CODES)


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("code", CODES)
def test_every_code_is_said_with_its_figures(code: str, locale: str) -> None:
    entry, reason = catalogue(locale)[code], emitted()[code]
    assert set(entry) <= {"message", "next"}
    assert ("next" in entry) == (code not in CONTENT)
    for text in entry.values():
        assert placeholders(text) <= set(reason.params)
        assert text == text.strip()
        assert text.endswith((".", "?"))
        assert len(text) <= 130
    said = say(code, locale, reason.params)
    assert "{" not in f"{said.message}{said.next_step}"


@pytest.mark.parametrize("code", CODES)
def test_both_languages_tell_the_same_figures(code: str) -> None:
    for part in ("message", "next"):
        assert (
            len({frozenset(placeholders(catalogue(locale)[code].get(part, ""))) for locale in LOCALES}) == 1
        )


@pytest.mark.parametrize(("locale", "written"), [("id", "1.240 m"), ("en", "1,240 m")])
def test_figures_are_written_as_the_language_writes_them(locale: str, written: str) -> None:
    said = say("POSITION_OUTSIDE", locale, {"distance_m": 1240.4, "radius_m": 100})
    assert written in said.message


@pytest.mark.parametrize("locale", LOCALES)
def test_no_sentence_accuses(locale: str) -> None:
    english = r"fake|cheat\w*|fraud\w*|spoof\w*|lie[sd]?|suspicious|mock\w*"
    words = rf"\b({english}|palsu|curang|menipu|penipu\w*|bohong|mencurigakan)\b"
    for code in CODES:
        assert not re.search(words, " ".join(catalogue(locale)[code].values()), re.IGNORECASE), code


def test_who_is_refused_can_try_again_and_who_waits_is_told_so() -> None:
    for code, reason in emitted().items():
        nxt = catalogue("en")[code].get("next", "").lower()
        if reason.level == ReasonLevel.REFUSE:
            assert "try again" in nxt or "take" in nxt, code
        if reason.level == ReasonLevel.REVIEW and code != "POSE_NOT_CHECKED":
            assert "your supervisor will look" in nxt, code
