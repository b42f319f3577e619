"""When a person is asked to move before the camera, and which moves. Pure; who may tell chance is handed in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256
from itertools import count

from api.attendance.rules import STATES, Code, Verdict
from api.biometrics.moves import AGAIN, MOVES, TURNS, Move
from api.core.verdict import Limits, Reason, ReasonLevel, bounded, worst_first

#: Reasons with which the person is offered to make moves, and those that moves settle.
OFFERS = frozenset({*map(str, AGAIN), str(Code.CHALLENGE_ASKED)})
MENDED_BY_MOVES = OFFERS | {str(Code.LIVENESS_UNCERTAIN)}


class ChallengeMode(StrEnum):
    PASSIVE = "PASSIVE"
    ON_DOUBT = "ON_DOUBT"
    ALWAYS = "ALWAYS"


class Doubt(StrEnum):
    """Why a challenge is asked for, where one is asked for on doubt."""

    LIVENESS = "LIVENESS"  #: the passive score lies where a person would have to look
    POSITION = "POSITION"  #: the position counts, and is marked
    DEVICE = "DEVICE"  #: none that a check-in of this person was accepted from


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengePolicy(Limits):
    """What an agency has chosen. Raises ValueError naming what is absurd."""

    mode: str = ChallengeMode.ON_DOUBT
    on: Sequence[str] = tuple(Doubt)
    #: One check-in in so many is asked at random; 0 for none.
    one_in: int = bounded(20, 0, 10_000, "check-ins")
    least_moves: int = bounded(2, 2, 3, "moves")
    most_moves: int = bounded(3, 2, 3, "moves")
    #: A device from which nothing was accepted for so long is new again.
    device_days: int = bounded(90, 1, 400, "days")

    def check(self) -> None:
        if self.mode not in ChallengeMode.__members__:
            raise ValueError(f"mode: {self.mode!r} is none of {', '.join(ChallengeMode)}")
        if isinstance(self.on, str) or not set(self.on) <= set(Doubt):
            raise ValueError(f"on: {self.on!r} names other things than {', '.join(Doubt)}")
        if self.least_moves > self.most_moves:
            raise ValueError(f"least_moves: {self.least_moves} is above {self.most_moves}")

    def minds(self, doubt: Doubt) -> bool:
        return self.mode == ChallengeMode.ON_DOUBT and doubt in self.on


def drawing(seed: str) -> Callable[[int], int]:
    """Draws `below(n)`, from 0 to n − 1: the same numbers in the same order for the same seed. Who asks again is
    asked for the same moves, so that nobody asks until what he has recorded fits."""
    drawn = count()

    def below(limit: int) -> int:
        return int.from_bytes(sha256(f"{seed}/{next(drawn)}".encode()).digest(), "big") % limit

    return below


def at_start(policy: ChallengePolicy, new_device: bool, below: Callable[[int], int]) -> bool:
    """Whether moves are asked for before anything was sent."""
    if policy.mode != ChallengeMode.ON_DOUBT:
        return policy.mode == ChallengeMode.ALWAYS
    drawn = policy.one_in > 0 and below(policy.one_in) == 0
    return drawn or (new_device and policy.minds(Doubt.DEVICE))


def choose(policy: ChallengePolicy, below: Callable[[int], int]) -> tuple[Move, ...]:
    """Distinct moves in random order, a turn of the head among them: 34 orders of two or three."""
    number = policy.least_moves + below(policy.most_moves - policy.least_moves + 1)
    while True:
        left = list(MOVES)
        chosen = tuple(left.pop(below(len(left))) for _ in range(number))
        if set(chosen) & set(TURNS):
            return chosen


def one_more_step(verdict: Verdict, marked: bool, new_device: bool, policy: ChallengePolicy) -> Verdict:
    """The verdict on a check-in without moves, which waits for them where a doubt is left that they can settle.

    `marked` says whether its position counts but is marked. What a person has to look at anyway stays as it is.
    """
    grave = {reason.code for reason in verdict.reasons if reason.level >= ReasonLevel.REVIEW}
    if not grave <= {Code.LIVENESS_UNCERTAIN}:
        return verdict
    doubts = {Doubt.LIVENESS: bool(grave), Doubt.POSITION: marked, Doubt.DEVICE: new_device}
    asked = policy.mode == ChallengeMode.ALWAYS or any(
        found and policy.minds(doubt) for doubt, found in doubts.items()
    )
    if not asked:
        return verdict
    asks = Reason(Code.CHALLENGE_ASKED, ReasonLevel.REVIEW)
    return replace(verdict, state=STATES[ReasonLevel.REVIEW], reasons=worst_first([asks, *verdict.reasons]))
