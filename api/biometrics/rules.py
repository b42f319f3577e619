"""Is this a picture that a face can be recognised in? Enrolment asks for a good one, a check-in for a fair.

Pure: the numbers that vision measured, in; findings, out. A number that is not finite fails every check.
Figures were measured on insightface's six-face photograph and scikit-image's astronaut, brought to 120–230 px
in 480×640 and 640×480 pictures, blurred and darkened; LFW's where they say so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import ceil, floor, isfinite
from typing import Any, Self

from api.core.verdict import Limits, Reason, ReasonLevel, bounded, worst

#: float32 rounds a cosine of one vector with itself to a little over 1.
ROUNDING = 1e-3


class Code(StrEnum):
    """Stable names of the findings about a picture of a face; kept in rows and in the sentence catalogues."""

    NO_FACE = "NO_FACE"
    SEVERAL_FACES = "SEVERAL_FACES"
    FACE_UNSURE = "FACE_UNSURE"
    FACE_TOO_SMALL = "FACE_TOO_SMALL"
    FACE_TOO_CLOSE = "FACE_TOO_CLOSE"
    FACE_AT_EDGE = "FACE_AT_EDGE"
    FACE_BLURRED = "FACE_BLURRED"
    FACE_TOO_DARK = "FACE_TOO_DARK"
    FACE_TOO_BRIGHT = "FACE_TOO_BRIGHT"
    FACE_TURNED = "FACE_TURNED"
    POSE_NOT_CHECKED = "POSE_NOT_CHECKED"
    PHOTO_OTHER_PERSON = "PHOTO_OTHER_PERSON"
    PHOTOS_DISAGREE = "PHOTOS_DISAGREE"


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFacts:
    """One picture in numbers, about its largest face. None means that a stage did not run."""

    faces: int
    face_px: float = 0.0  #: shorter side of the face's box
    room: float = 0.0  #: smallest margin around the box, in face sizes; negative where it is cut off
    sharpness: float = 0.0  #: variance of the Laplacian on the face at 112×112, squared grey levels
    brightness: float = 0.0  #: mean grey level over the face, 0–255
    detection: float = 0.0  #: the detector's confidence, 0–1
    yaw: float | None = None  #: degrees
    pitch: float | None = None
    roll: float | None = None
    liveness: float | None = None  #: probability of a living face, 0–1
    #: Cosine with each of the person's templates of the same model; empty where there is none to compare.
    similarities: tuple[float, ...] | None = None

    @property
    def similarity(self) -> float | None:
        """With the template that fits best; None where the match did not run or gave no cosine."""
        cosines = self.similarities or ()
        if not cosines or not all(abs(cosine) <= 1 + ROUNDING for cosine in cosines):
            return None
        return max(cosines)

    @property
    def live(self) -> float | None:
        """`liveness`, or None where it is no probability."""
        if self.liveness is None or not -ROUNDING <= self.liveness <= 1 + ROUNDING:
            return None
        return self.liveness


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceThresholds(Limits):
    """At the number itself a picture passes. Raises ValueError naming what is absurd."""

    #: The default pack's liveness was measured from 160 px up. Live faces score from 0.83 up at 115 px; what
    #: falls below `liveness_review` goes to a person, so a few pixels less need not send anybody back.
    min_face_px: float = bounded(135.0, 40, 2_000, "pixels")
    #: The more room, the fewer prints and screens pass (docs/model-card.md: 7 of 14 at 0.5, 1 at 0.8); a
    #: 640×480 picture leaves at most 0.7 over and under a face of 160 px. Live faces stay over 0.95 from 0.5 up.
    min_room: float = bounded(0.7, 0, 3, "face sizes")
    #: At 20 a face is blurred by about 2.5 px and its similarity with itself 0.65–0.9.
    min_sharpness: float = bounded(20.0, 0, 1_000, "squared grey levels")
    min_brightness: float = bounded(40.0, 0, 254, "grey levels")
    max_brightness: float = bounded(225.0, 1, 255, "grey levels")
    #: The detectors in use report nothing below.
    min_detection: float = bounded(0.6, 0.3, 1, "confidence")

    enrol_min_face_px: float = bounded(120.0, 40, 2_000, "pixels")
    #: A template needs the whole face, not its surroundings.
    enrol_min_room: float = bounded(0.1, 0, 3, "face sizes")
    enrol_min_sharpness: float = bounded(35.0, 0, 1_000, "squared grey levels")
    enrol_min_brightness: float = bounded(60.0, 0, 254, "grey levels")
    enrol_max_brightness: float = bounded(215.0, 1, 255, "grey levels")
    #: Yaw follows the head to ±55°; faces that look at the camera read up to 47°.
    max_yaw_deg: float = bounded(50.0, 5, 90, "degrees")
    max_pitch_deg: float = bounded(30.0, 5, 90, "degrees")
    max_roll_deg: float = bounded(35.0, 5, 90, "degrees")
    #: What the default pack's pose model reads on a level head.
    level_pitch_deg: float = bounded(-15.0, -45, 45, "degrees")
    #: Photographs of one sitting are far more alike than a match asks for.
    same_person: float = bounded(0.45, 0.2, 0.95, "cosine")

    #: LFW: FAR 1e-4 at 0.413, 1e-5 at 0.477. Among East Asian faces 3.4 % of impostors pass 0.41, none 0.49.
    match: float = bounded(0.45, 0.3, 0.95, "cosine")
    #: Down to here a person looks: FAR 1e-3 lies at 0.338.
    match_review: float = bounded(0.38, 0.2, 0.95, "cosine")
    #: A frame less alike than this shows another person, whatever the best frame shows.
    other_person: float = bounded(0.20, -1, 0.95, "cosine")
    #: From here on, whoever vouches is told that somebody else is enrolled with this face. Each new face meets all
    #: of the agency's, so it is above any that impostors reached: LFW's FAR 1e-5 lies at 0.477, East Asian ones
    #: at 0.49.
    already_enrolled: float = bounded(0.55, 0.3, 0.95, "cosine")
    liveness: float = bounded(0.5, 0.1, 0.99, "probability")
    #: Up to here a person looks: live faces of a good size score over 0.9, many prints and screens between.
    #: Some made from the same pictures score higher still, so a pass is one signal and no proof.
    liveness_review: float = bounded(0.8, 0.1, 1, "probability")

    #: An earlier photograph from here on is taken to come again. Replays (re-encoded from quality 60, cropped by
    #: 5 %, mirrored) lie at 0.994 and more; a filmed person half a second later at most at 0.92, and re-shots made
    #: by warps, each beside its nearest of sixty, at most at 0.971. Captures on several days were not at hand.
    replay: float = bounded(0.985, 0.9, 1, "correlation")
    #: Only earlier photographs whose prints differ in at most so many signs are looked at: replays differ in 74 at
    #: most, different people in 86 at least.
    replay_signs: int = bounded(88, 16, 127, "signs of 256")
    replay_window_days: int = bounded(90, 1, 400, "days")

    def check(self) -> None:
        for low, high in (
            ("min_brightness", "max_brightness"),
            ("enrol_min_brightness", "enrol_max_brightness"),
            ("other_person", "match_review"),
            ("match_review", "match"),
            ("liveness", "liveness_review"),
        ):
            if getattr(self, low) > getattr(self, high):
                raise ValueError(f"{low}: {getattr(self, low)} is above {high}")


@dataclass(frozen=True, slots=True)
class VouchingRule:
    """Whose first enrolment a person confirms before it counts. An agency's own data."""

    first: bool = True

    @classmethod
    def from_mapping(cls, data: Mapping[str, Any]) -> Self:
        """From {"first": false}. Raises ValueError naming what is not understood."""
        if set(data) - {"first"} or not isinstance(data.get("first", True), bool):
            raise ValueError(f"vouching: first, true or false, and nothing else, not {dict(data)}")
        return cls(**data)


def needs_vouching(rule: VouchingRule, *, compared: bool, before: bool, alone: bool) -> bool:
    """Whether a person must say whose face it is. `compared`: found to be that of the templates in force, which
    is proof enough. `before`: there was an enrolment once, of which nothing is left to compare with. `alone`:
    looked for, and nobody else is enrolled with this face."""
    return not alone or (not compared and (before or rule.first))


def framing(facts: FrameFacts, thresholds: FaceThresholds) -> tuple[Reason, ...]:
    """Why a check-in's picture cannot be judged, each with a way to mend it; empty where it can."""
    if (alone := _one_face(facts, thresholds)) is not None:
        return (alone,)
    return (
        *_place_in_picture(facts, thresholds.min_face_px, thresholds.min_room),
        *_light(facts, thresholds.min_brightness, thresholds.max_brightness),
        *_focus(facts, thresholds.min_sharpness),
    )


def photo_quality(facts: FrameFacts, thresholds: FaceThresholds) -> tuple[Reason, ...]:
    """Why a photograph is no good template; empty where it is."""
    if (alone := _one_face(facts, thresholds)) is not None:
        return (alone,)
    return (
        *_place_in_picture(facts, thresholds.enrol_min_face_px, thresholds.enrol_min_room),
        *_light(facts, thresholds.enrol_min_brightness, thresholds.enrol_max_brightness),
        *_focus(facts, thresholds.enrol_min_sharpness),
        *_pose(facts, thresholds),
    )


def photo_usable(reasons: Sequence[Reason]) -> bool:
    """Whether a photograph may become a template. An enrolment has no reviewer: not checked is not usable."""
    return worst(reasons) < ReasonLevel.REVIEW


def same_person(similarities: Sequence[Sequence[float]], thresholds: FaceThresholds) -> tuple[Reason, ...]:
    """Why one enrolment's photographs cannot all be of one person; empty where every two of them agree.

    `similarities` is n×n, cosines; the diagonal is not read. A photograph that disagrees with more than half
    of the others is named by its number, from 1. Raises ValueError where the matrix is not square.
    """
    count = len(similarities)
    if any(len(row) != count for row in similarities):
        raise ValueError(f"{count} rows of similarities are no square")
    unlike = [
        sum(not row[other] >= thresholds.same_person for other in range(count) if other != photo)
        for photo, row in enumerate(similarities)
    ]
    named = [photo for photo, disagreeing in enumerate(unlike) if disagreeing * 2 > count - 1]
    if named:
        return tuple(_refuse(Code.PHOTO_OTHER_PERSON, photo=photo + 1) for photo in named)
    return (_refuse(Code.PHOTOS_DISAGREE),) if any(unlike) else ()


def _refuse(code: Code, **params: int) -> Reason:
    return Reason(code, ReasonLevel.REFUSE, params)


def _one_face(facts: FrameFacts, thresholds: FaceThresholds) -> Reason | None:
    """The first question: with no face, or with two, the other figures say nothing."""
    if facts.faces < 1:
        return _refuse(Code.NO_FACE)
    if facts.faces > 1:
        return _refuse(Code.SEVERAL_FACES, count=facts.faces)
    return None if facts.detection >= thresholds.min_detection else _refuse(Code.FACE_UNSURE)


def _place_in_picture(facts: FrameFacts, min_px: float, min_room: float) -> tuple[Reason, ...]:
    """One piece of advice, not two that contradict each other: a small face without room is at the edge."""
    large, free = facts.face_px >= min_px, facts.room >= min_room
    if large and free:
        return ()
    if large:
        return (_refuse(Code.FACE_TOO_CLOSE),)
    if not free:
        return (_refuse(Code.FACE_AT_EDGE),)
    return (_refuse(Code.FACE_TOO_SMALL, face_px=_shown(facts.face_px), limit_px=ceil(min_px)),)


def _light(facts: FrameFacts, least: float, most: float) -> tuple[Reason, ...]:
    if not facts.brightness >= least:
        return (_refuse(Code.FACE_TOO_DARK),)
    return () if facts.brightness <= most else (_refuse(Code.FACE_TOO_BRIGHT),)


def _focus(facts: FrameFacts, least: float) -> tuple[Reason, ...]:
    return () if facts.sharpness >= least else (_refuse(Code.FACE_BLURRED),)


def _pose(facts: FrameFacts, thresholds: FaceThresholds) -> tuple[Reason, ...]:
    if facts.yaw is None or facts.pitch is None or facts.roll is None:
        return (Reason(Code.POSE_NOT_CHECKED, ReasonLevel.REVIEW),)
    ahead = (
        abs(facts.yaw) <= thresholds.max_yaw_deg
        and abs(facts.pitch - thresholds.level_pitch_deg) <= thresholds.max_pitch_deg
        and abs(facts.roll) <= thresholds.max_roll_deg
    )
    return () if ahead else (_refuse(Code.FACE_TURNED),)


def _shown(value: float) -> int:
    return floor(value) if isfinite(value) else 0
