"""Did the person do what was asked, before this camera, in this order? Judged over a burst, never in one frame.

Pure: per frame what vision measured, in; findings, out. Everything is held against the burst's own first frame, so
that how a head is built, or how a camera sees it, counts for nothing. A number that is not finite shows nothing.
Figures were measured on the seven test pictures turned as an ellipsoid would turn, with eyes that were transplanted
from two people who have theirs closed, and on flat pictures of them tilted before the camera (docs/model-card.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby, pairwise
from math import hypot, isfinite, nan

from api.core.verdict import Limits, Reason, ReasonLevel, bounded


class Move(StrEnum):
    """LOOK straight ahead; the sides are the person's own."""

    LOOK = "LOOK"
    TURN_LEFT = "TURN_LEFT"
    TURN_RIGHT = "TURN_RIGHT"
    BLINK = "BLINK"
    COME_CLOSER = "COME_CLOSER"


#: What no flat picture can do; without one of them a challenge would prove little.
TURNS = (Move.TURN_LEFT, Move.TURN_RIGHT)
MOVES = (*TURNS, Move.BLINK, Move.COME_CLOSER)

#: No face is smaller; keeps a division defined.
LEAST_SIZE = 1e-6


class Code(StrEnum):
    """Stable names of the findings about a burst; kept in rows and in the sentence catalogues."""

    MOVES_SEEN = "MOVES_SEEN"
    MOVES_NOT_CHECKED = "MOVES_NOT_CHECKED"
    LOOK_NOT_SEEN = "LOOK_NOT_SEEN"
    TURN_LEFT_NOT_SEEN = "TURN_LEFT_NOT_SEEN"
    TURN_RIGHT_NOT_SEEN = "TURN_RIGHT_NOT_SEEN"
    BLINK_NOT_SEEN = "BLINK_NOT_SEEN"
    COME_CLOSER_NOT_SEEN = "COME_CLOSER_NOT_SEEN"
    MOVES_OTHER_ORDER = "MOVES_OTHER_ORDER"
    FACE_NOT_IN_ALL = "FACE_NOT_IN_ALL"
    FACE_CHANGED = "FACE_CHANGED"
    FRAMES_REPEATED = "FRAMES_REPEATED"
    FRAMES_STILL = "FRAMES_STILL"
    FRAMES_JUMP = "FRAMES_JUMP"


NOT_SEEN = {
    Move.LOOK: Code.LOOK_NOT_SEEN,
    Move.TURN_LEFT: Code.TURN_LEFT_NOT_SEEN,
    Move.TURN_RIGHT: Code.TURN_RIGHT_NOT_SEEN,
    Move.BLINK: Code.BLINK_NOT_SEEN,
    Move.COME_CLOSER: Code.COME_CLOSER_NOT_SEEN,
}
#: What doing the moves once more can mend.
AGAIN = frozenset(
    {*NOT_SEEN.values(), Code.MOVES_OTHER_ORDER, Code.FACE_NOT_IN_ALL, Code.FACE_CHANGED,
     Code.FRAMES_STILL, Code.FRAMES_JUMP}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstFrame:
    """One frame in numbers, about its largest face. None means that a stage did not run, or found no face."""

    at: float  #: seconds since the first frame, as the device says
    faces: int
    x: float = 0.0  #: the face's middle, in heights of the picture
    y: float = 0.0
    size: float = 0.0  #: the face's height, in heights of the picture
    yaw: float | None = None  #: degrees, positive towards the person's own right
    #: Where the nose lies across the eyes' line, in distances between the eyes: moved by a turn of the head, and by
    #: no move of a flat picture.
    nose: float | None = None
    eyes: float | None = None  #: probability that the eyes are open, 0–1
    alike: float | None = None  #: the best cosine with an earlier frame of the burst; None for the first
    likeness: float | None = None  #: the highest correlation with an earlier frame; see the worker's prints
    repeated: bool = False  #: the very bytes of an earlier frame


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveThresholds(Limits):
    """At the number itself a move counts. Raises ValueError naming what is absurd."""

    #: A head turned by 30° reads 11–42° more on the faces that look ahead, one turned by 35° at worst 5° more, and one
    #: that keeps still varies by up to 9°: it tells the side, and `turn_nose` tells the turn.
    turn_deg: float = bounded(4.0, 1, 45, "degrees")
    #: A head turned by 30° moves it by 0.17–0.31, one turned by 20° by 0.10 at least; a flat picture tilted by 50° by
    #: 0.08 at most where the face in it looks ahead.
    turn_nose: float = bounded(0.1, 0.03, 0.5, "distances between the eyes")
    #: Where it lies at most when a face looks ahead: 0.15 on those who do, 0.3–0.7 on three who look aside.
    ahead_nose: float = bounded(0.25, 0.05, 1, "distances between the eyes")
    #: Open eyes read 0.9 and more as a rule, transplanted closed ones at most 0.06 and at worst 0.47.
    eyes_open: float = bounded(0.6, 0.3, 0.95, "probability")
    eyes_closed: float = bounded(0.35, 0.05, 0.6, "probability")
    #: How much larger the face becomes: its box grows by 1.26–1.35 when all of it grows by 1.4.
    closer: float = bounded(1.2, 1.05, 2.5, "times")
    #: One person turned by 40° stays over 0.5 as a rule, two people stay under 0.34.
    same_face: float = bounded(0.4, 0.2, 0.95, "cosine")
    #: One picture re-encoded, moved or zoomed lies at 0.997 and more, a head that turned by 2° at 0.988 at most.
    still: float = bounded(0.992, 0.95, 1, "correlation")
    #: Between two frames a face moves and grows at most so far, and so much again each second.
    jump: float = bounded(1.0, 0.3, 10, "heights of the face")

    def check(self) -> None:
        if self.eyes_closed >= self.eyes_open:
            raise ValueError(f"eyes_closed: {self.eyes_closed} is not under {self.eyes_open}")


@dataclass(frozen=True, slots=True)
class Findings:
    """`seen` in the order asked; `shown` what each frame shows, None where nothing can be said of it."""

    reasons: tuple[Reason, ...]
    seen: tuple[tuple[Move, bool], ...]
    shown: tuple[Move | None, ...] = ()

    @property
    def passed(self) -> bool:
        return [reason.code for reason in self.reasons] == [Code.MOVES_SEEN]


def judge_moves(asked: Sequence[Move], frames: Sequence[BurstFrame], limits: MoveThresholds) -> Findings:
    """What is to be said of a burst. `asked` holds the moves without the looks between them, no move twice."""
    if not _checked(asked, frames):
        unseen = tuple((move, False) for move in asked)
        return Findings((_review(Code.MOVES_NOT_CHECKED),), unseen)
    shown = tuple(_shown(frame, frames[0], limits) for frame in frames)
    runs = [move for move, _ in groupby(move for move in shown if move is not None)]
    # A move is one that began from another state and came back from it.
    done = [move for move in runs[1:-1] if move != Move.LOOK]
    reasons = (*_one_face(frames, limits), *_flow(frames, limits), *_looked(frames[0], limits))
    reasons += _in_order(asked, done, runs[-1])
    seen = tuple((move, move in done) for move in asked)
    return Findings(reasons or (Reason(Code.MOVES_SEEN, ReasonLevel.INFO),), seen, shown)


def _checked(asked: Sequence[Move], frames: Sequence[BurstFrame]) -> bool:
    """Whether there is a burst, and the models that the moves need have run wherever there is a face."""
    if not asked or len(frames) <= len(asked) or not frames[0].faces:
        return False
    needed = [_yaw, _nose, *([_eyes] if Move.BLINK in asked else [])]
    return all(isfinite(measure(frame)) for frame in frames if frame.faces for measure in needed)


def _shown(frame: BurstFrame, first: BurstFrame, limits: MoveThresholds) -> Move | None:
    """At most one move a frame: of somebody who has turned, neither eyes nor size are judged."""
    if not frame.faces:
        return None
    turned, across = _yaw(frame) - _yaw(first), _nose(frame) - _nose(first)
    if turned >= limits.turn_deg and across <= -limits.turn_nose:
        return Move.TURN_RIGHT
    if turned <= -limits.turn_deg and across >= limits.turn_nose:
        return Move.TURN_LEFT
    if frame.size >= limits.closer * first.size > 0:
        return Move.COME_CLOSER
    if _eyes(first) >= limits.eyes_open and _eyes(frame) <= limits.eyes_closed:
        return Move.BLINK
    return Move.LOOK


def _in_order(asked: Sequence[Move], done: Sequence[Move], last: Move) -> tuple[Reason, ...]:
    """Eyes blink by themselves; whatever else nobody asked for, also at the end, makes it another order."""
    missing = [move for move in asked if move not in done]
    if missing:
        return tuple(_review(NOT_SEEN[move]) for move in missing)
    willed = [[move for move in moves if move != Move.BLINK] for moves in (asked, done)]
    moves = iter(done)
    rests = last in (Move.LOOK, Move.BLINK)
    if rests and willed[0] == willed[1] and all(move in moves for move in asked):
        return ()
    return (_review(Code.MOVES_OTHER_ORDER),)


def _looked(first: BurstFrame, limits: MoveThresholds) -> tuple[Reason, ...]:
    """A face that is seen from the side to begin with leaves a turn, and a flat picture of it, hard to judge."""
    return () if abs(_nose(first)) <= limits.ahead_nose else (_review(Code.LOOK_NOT_SEEN),)


def _one_face(frames: Sequence[BurstFrame], limits: MoveThresholds) -> tuple[Reason, ...]:
    """The largest face is one and the same throughout; who passes behind it is the photographs' to tell."""
    if not all(frame.faces for frame in frames):
        return (_review(Code.FACE_NOT_IN_ALL),)
    same = all(_number(frame.alike) >= limits.same_face for frame in frames[1:])
    return () if same else (_review(Code.FACE_CHANGED),)


def _flow(frames: Sequence[BurstFrame], limits: MoveThresholds) -> tuple[Reason, ...]:
    """A burst is one piece of time: no picture twice, and no leap between two of them."""
    if any(frame.repeated for frame in frames):
        return (Reason(Code.FRAMES_REPEATED, ReasonLevel.REFUSE),)
    faces = [frame for frame in frames if frame.faces]
    found = []
    if not all(_number(frame.likeness) < limits.still for frame in faces[1:]):
        found.append(_review(Code.FRAMES_STILL))
    if not all(_leap(*pair) <= limits.jump for pair in pairwise(faces)):
        found.append(_review(Code.FRAMES_JUMP))
    return tuple(found)


def _leap(one: BurstFrame, other: BurstFrame) -> float:
    """How far the face has gone, in its own heights, over the time it had: one part at once, one part a second."""
    far = hypot(other.x - one.x, other.y - one.y, other.size - one.size) / max(
        min(one.size, other.size), LEAST_SIZE
    )
    return far / (1 + max(other.at - one.at, 0))


def _yaw(frame: BurstFrame) -> float:
    return _number(frame.yaw)


def _nose(frame: BurstFrame) -> float:
    return _number(frame.nose)


def _eyes(frame: BurstFrame) -> float:
    return _number(frame.eyes)


def _number(value: float | None) -> float:
    """NaN for what was not measured: it compares as false with whatever it is held against."""
    return nan if value is None else value


def _review(code: Code) -> Reason:
    return Reason(code, ReasonLevel.REVIEW)
