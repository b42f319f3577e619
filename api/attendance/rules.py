"""The verdict on a check-in, and what its time means. Pure; stages that did not run are "not checked"."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from api.biometrics.moves import Findings
from api.biometrics.rules import Code as FaceCode
from api.biometrics.rules import FaceThresholds, FrameFacts, framing
from api.core.verdict import Reason, ReasonLevel, worst, worst_first
from api.sites.rules import (
    GRADES,
    PositionResult,
    PositionThresholds,
    PositionVerdict,
    Surroundings,
    look_again,
)

DAYS_A_WEEK = 7


class Code(StrEnum):
    """Stable names of the findings about a check-in as a whole; kept in rows and in the catalogues."""

    FACE_NOT_CHECKED = "FACE_NOT_CHECKED"
    PHOTO_UNREADABLE = "PHOTO_UNREADABLE"
    MATCH_NOT_CHECKED = "MATCH_NOT_CHECKED"
    ENROLMENT_AWAITING = "ENROLMENT_AWAITING"
    LIVENESS_NOT_CHECKED = "LIVENESS_NOT_CHECKED"
    POSITION_NOT_CHECKED = "POSITION_NOT_CHECKED"
    FACE_MATCHED = "FACE_MATCHED"
    FACE_UNCERTAIN = "FACE_UNCERTAIN"
    FACE_DIFFERENT = "FACE_DIFFERENT"
    FRAMES_DISAGREE = "FRAMES_DISAGREE"
    LIVENESS_UNCERTAIN = "LIVENESS_UNCERTAIN"
    LIVENESS_UNCONFIRMED = "LIVENESS_UNCONFIRMED"
    LIVENESS_BY_MOVES = "LIVENESS_BY_MOVES"
    CHALLENGE_ASKED = "CHALLENGE_ASKED"
    PHOTO_REPEATED = "PHOTO_REPEATED"
    PHOTO_OF_ENROLMENT = "PHOTO_OF_ENROLMENT"
    PHOTO_NOT_COMPARED = "PHOTO_NOT_COMPARED"


LEVELS: Mapping[Code, ReasonLevel] = {
    Code.FACE_NOT_CHECKED: ReasonLevel.REVIEW,
    Code.PHOTO_UNREADABLE: ReasonLevel.REFUSE,
    Code.MATCH_NOT_CHECKED: ReasonLevel.REVIEW,
    Code.ENROLMENT_AWAITING: ReasonLevel.REVIEW,
    Code.LIVENESS_NOT_CHECKED: ReasonLevel.REVIEW,
    Code.POSITION_NOT_CHECKED: ReasonLevel.REVIEW,
    Code.FACE_MATCHED: ReasonLevel.INFO,
    Code.FACE_UNCERTAIN: ReasonLevel.REVIEW,
    Code.FACE_DIFFERENT: ReasonLevel.REFUSE,
    Code.FRAMES_DISAGREE: ReasonLevel.REVIEW,
    Code.LIVENESS_UNCERTAIN: ReasonLevel.REVIEW,
    Code.LIVENESS_UNCONFIRMED: ReasonLevel.REFUSE,
    Code.LIVENESS_BY_MOVES: ReasonLevel.INFO,
    Code.CHALLENGE_ASKED: ReasonLevel.REVIEW,
    Code.PHOTO_REPEATED: ReasonLevel.REVIEW,
    Code.PHOTO_OF_ENROLMENT: ReasonLevel.REVIEW,
    Code.PHOTO_NOT_COMPARED: ReasonLevel.REVIEW,
}


class VerdictState(StrEnum):
    """The settled states of a check-in, by the names that its row gives them."""

    ACCEPTED = "ACCEPTED"
    FLAGGED = "FLAGGED"
    REVIEW = "REVIEW"
    REFUSED = "REFUSED"


STATES: Mapping[ReasonLevel, VerdictState] = dict(zip(ReasonLevel, VerdictState, strict=True))


@dataclass(frozen=True, slots=True)
class Past:
    """How the photographs compare with those of other check-ins and of enrolments."""

    complete: bool  #: each was compared with all that it could be
    nearest: UUID | None = None  #: the check-in that has the photograph most like one of these
    likeness: float | None = None  #: of the two, −1 to 1; 1 for the very same file
    enrolled: bool = False  #: the one that is most like is an enrolment's


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reasons` stand worst first. Figures are None where no frame could be judged."""

    state: VerdictState
    reasons: tuple[Reason, ...]
    similarity: float | None  #: of the best frame with the best template
    liveness: float | None  #: of the least live frame: the one that vetoes
    matched: bool  #: the same person, alive before the camera; a review does not make it so
    repeats: UUID | None = None  #: the check-in of which a photograph comes again


def judge(
    frames: Sequence[FrameFacts],
    position: PositionVerdict | None,
    thresholds: FaceThresholds,
    vision_ran: bool,
    unreadable: int = 0,
    past: Past | None = None,
    moves: Findings | None = None,
    awaiting: bool = False,
) -> Verdict:
    """The verdict: the worst finding decides, so that no finding can better it.

    `unreadable` counts photographs that could not be opened; they are not in `frames`. `position` is None
    where it was not judged, `past` where nothing was compared, `moves` where none were asked for. `awaiting`:
    whom to compare with, a person has yet to confirm.
    """
    face = _face(frames, thresholds, vision_ran, unreadable)
    if moves is not None and moves.passed:
        face = _settled_by_moves(face)
    if awaiting:
        face = replace(face, reasons=tuple(map(_awaiting, face.reasons)))
    again = _again(past, thresholds, worst(face.reasons))
    found = worst_first([*face.reasons, *(moves.reasons if moves else ()), *again, *_position(position)])
    repeats = past.nearest if past and _is_repeated(past, thresholds) else None
    return replace(face, state=STATES[worst(found)], reasons=found, repeats=repeats)


@dataclass(frozen=True, slots=True)
class Again:
    """What an earlier verdict becomes; `score` and `level` are those of its position."""

    state: VerdictState
    reasons: tuple[Reason, ...]
    score: float
    level: ReasonLevel


def settled_again(
    reasons: Sequence[Reason], surroundings: Surroundings, thresholds: PositionThresholds
) -> Again:
    """The reasons of an earlier verdict, with what the surroundings of its position say by now. The face and the
    rest stand as they were found."""
    others = [reason for reason in reasons if reason.code not in GRADES]
    position, score = look_again(
        [reason for reason in reasons if reason.code in GRADES], thresholds, surroundings
    )
    found = worst_first([*others, *position])
    return Again(STATES[worst(found)], found, score, worst(position))


def _awaiting(reason: Reason) -> Reason:
    """Why there is nothing to compare with, where that is known."""
    return _finding(Code.ENROLMENT_AWAITING) if reason.code == Code.MATCH_NOT_CHECKED else reason


def _face(
    frames: Sequence[FrameFacts], thresholds: FaceThresholds, vision_ran: bool, unreadable: int
) -> Verdict:
    if not vision_ran:
        return _unjudged(_finding(Code.FACE_NOT_CHECKED))
    if unreadable > 0:
        # One is enough: a picture that opens for some programs only is no accident to be looked past.
        return _unjudged(_finding(Code.PHOTO_UNREADABLE))
    if not frames:
        return _unjudged(_finding(Code.FACE_NOT_CHECKED))
    found = [framing(frame, thresholds) for frame in frames]
    judged = [frame for frame, reasons in zip(frames, found, strict=True) if not reasons]
    if not judged:
        return _unjudged(*min(found, key=len))
    beside = [
        replace(reason, level=ReasonLevel.FLAG)
        for reasons in found
        for reason in reasons
        if reason.code == FaceCode.SEVERAL_FACES
    ]
    return _compared(judged, beside[:1], thresholds)


def _compared(judged: Sequence[FrameFacts], beside: Sequence[Reason], thresholds: FaceThresholds) -> Verdict:
    """The best frame counts for the match: one look aside in a burst is no other person. Vetoes count from
    every frame: who can slip one foreign picture into a burst could slip in the one that passes."""
    similarities = [frame.similarity for frame in judged]
    scores = [frame.live for frame in judged]
    match = _match(similarities, thresholds)
    liveness = _liveness(scores, thresholds)
    matched = not match and not liveness
    reasons = (*match, *liveness, *beside, *([_finding(Code.FACE_MATCHED)] if matched else []))
    return Verdict(
        state=STATES[worst(reasons)],
        reasons=reasons,
        similarity=max((value for value in similarities if value is not None), default=None),
        liveness=min((value for value in scores if value is not None), default=None),
        matched=matched,
    )


def _match(similarities: Sequence[float | None], thresholds: FaceThresholds) -> list[Reason]:
    known = [value for value in similarities if value is not None]
    found = [_finding(Code.MATCH_NOT_CHECKED)] if len(known) < len(similarities) else []
    if not known:
        return found
    if max(known) < thresholds.match_review:
        return [*found, _finding(Code.FACE_DIFFERENT)]
    if max(known) < thresholds.match:
        found.append(_finding(Code.FACE_UNCERTAIN))
    if min(known) < thresholds.other_person:
        found.append(_finding(Code.FRAMES_DISAGREE))
    return found


def _liveness(scores: Sequence[float | None], thresholds: FaceThresholds) -> list[Reason]:
    """The least live frame speaks. Asking again costs seconds; a picture let in is never found."""
    known = [value for value in scores if value is not None]
    found = [_finding(Code.LIVENESS_NOT_CHECKED)] if len(known) < len(scores) else []
    least = min(known, default=1.0)
    if least < thresholds.liveness:
        found.append(_finding(Code.LIVENESS_UNCONFIRMED))
    elif least < thresholds.liveness_review:
        found.append(_finding(Code.LIVENESS_UNCERTAIN))
    return found


def _settled_by_moves(face: Verdict) -> Verdict:
    """Doubt about a photograph is what moves are asked for; a photograph that says no still says no."""
    codes = [reason.code for reason in face.reasons]
    if Code.LIVENESS_UNCERTAIN not in codes:
        return face
    settled: Mapping[str, Reason] = {Code.LIVENESS_UNCERTAIN: _finding(Code.LIVENESS_BY_MOVES)}
    reasons = tuple(settled.get(reason.code, reason) for reason in face.reasons)
    return replace(face, reasons=reasons, matched=worst(reasons) < ReasonLevel.REVIEW)


def _is_repeated(past: Past, thresholds: FaceThresholds) -> bool:
    return past.likeness is not None and not past.likeness < thresholds.replay  # also for NaN


def _again(past: Past | None, thresholds: FaceThresholds, face: ReasonLevel) -> tuple[Reason, ...]:
    """That a photograph was not compared is said where nothing else keeps the face from passing."""
    if past is not None and _is_repeated(past, thresholds):
        return (_finding(Code.PHOTO_OF_ENROLMENT if past.enrolled else Code.PHOTO_REPEATED),)
    compared = past is not None and past.complete
    return () if compared or face >= ReasonLevel.REVIEW else (_finding(Code.PHOTO_NOT_COMPARED),)


def _position(position: PositionVerdict | None) -> tuple[Reason, ...]:
    """A position that was not judged and does not say so itself is still not a pass."""
    if position is None:
        return (_finding(Code.POSITION_NOT_CHECKED),)
    unjudged = position.result in (PositionResult.NOT_CHECKED, PositionResult.UNUSABLE)
    if unjudged and worst(position.reasons) < ReasonLevel.REVIEW:
        return (*position.reasons, _finding(Code.POSITION_NOT_CHECKED))
    return position.reasons


def _unjudged(*reasons: Reason) -> Verdict:
    return Verdict(STATES[worst(reasons)], reasons, similarity=None, liveness=None, matched=False)


def _finding(code: Code) -> Reason:
    return Reason(code, LEVELS[code])


@dataclass(frozen=True, slots=True)
class WorkingHours:
    """When duty starts, Monday first, None for a day without duty; local time. Valid both days included.

    Raises ValueError where that is no week, or ends before it begins.
    """

    starts: tuple[time | None, ...]
    valid_from: date = date.min
    valid_until: date = date.max
    source: str = ""

    def __post_init__(self) -> None:
        if len(self.starts) != DAYS_A_WEEK:
            raise ValueError(f"starts: {len(self.starts)} days are no week")
        if any(start is not None and start.tzinfo is not None for start in self.starts):
            raise ValueError("starts: the zone is the unit's, not the rule's")
        if self.valid_from > self.valid_until:
            raise ValueError(f"valid_from: {self.valid_from} is after {self.valid_until}")

    @classmethod
    def from_mapping(
        cls,
        data: Mapping[str, Any],
        valid_from: date = date.min,
        valid_until: date | None = None,
        source: str = "",
    ) -> Self:
        """From {"starts": ["07:30", …, null]}. Raises ValueError naming what is not understood."""
        if set(data) != {"starts"} or not isinstance(data["starts"], list):
            raise ValueError(f"working hours: starts and nothing else, not {sorted(data)}")
        starts = tuple(None if start is None else time.fromisoformat(str(start)) for start in data["starts"])
        return cls(starts, valid_from, valid_until or date.max, source)


@dataclass(frozen=True, slots=True)
class DeskRule:
    """What a record by hand needs beside a name and a reason."""

    photograph: bool = True

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Self:
        """From {"photograph": "required" | "optional"}. Raises ValueError naming what is not understood."""
        if set(data) - {"photograph"}:
            raise ValueError(f"desk: photograph and nothing else, not {sorted(data)}")
        wanted = data.get("photograph", "required")
        if wanted not in ("required", "optional"):
            raise ValueError(f"photograph: {wanted!r} is neither required nor optional")
        return cls(wanted == "required")


#: 37 h 30 min a week in five days from 07:30; in force since its promulgation.
PERPRES_21_2023 = WorkingHours(
    (*(time(7, 30),) * 5, None, None), valid_from=date(2023, 4, 12), source="Perpres 21/2023"
)


def hours_on(day: date, rules: Iterable[WorkingHours]) -> WorkingHours | None:
    """The hours in force on a day: of several, those that came into force last."""
    valid = (hours for hours in rules if hours.valid_from <= day <= hours.valid_until)
    return max(valid, key=lambda hours: hours.valid_from, default=None)


def local_day(instant: datetime, zone: str) -> date:
    """The day on a unit's own calendar. Raises ValueError on a time or a zone that is none."""
    return _local(instant, zone).date()


def late_minutes(in_at: datetime, hours: WorkingHours | None, zone: str) -> int:
    """Whole minutes after the start of the local day's duty; 0 on time, on a free day, and without hours.

    Lateness is a figure beside a check-in, never a reason against it.
    """
    local = _local(in_at, zone)
    valid = hours is not None and hours.valid_from <= local.date() <= hours.valid_until
    start = hours.starts[local.weekday()] if hours is not None and valid else None
    if start is None:
        return 0
    begun = datetime.combine(local.date(), start, local.tzinfo)
    return max(0, int((in_at.timestamp() - begun.timestamp()) // 60))


def _local(instant: datetime, zone: str) -> datetime:
    if instant.utcoffset() is None:
        raise ValueError(f"{instant}: a time without a zone is no instant")
    try:
        return instant.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{zone}: no such time zone") from error
