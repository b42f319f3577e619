"""A check-in that waits for its verdict, and what vision found of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from api.attendance.models import CheckIn
from api.attendance.rules import Past
from api.biometrics.models import FaceTemplate
from api.biometrics.moves import BurstFrame
from api.biometrics.rules import FaceThresholds, FrameFacts


@dataclass(frozen=True, slots=True)
class Case:
    """A pending check-in and what its frames are to be compared with."""

    check_in: CheckIn
    templates: list[FaceTemplate]
    thresholds: FaceThresholds
    #: There is a face to compare with, once a person has said whose it is.
    awaiting: bool = False
    #: The agency's own numbers among them.
    face_rule: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FaceFindings:
    """What vision found. `ran` is False when there was no model: then nothing was checked."""

    ran: bool
    frames: Sequence[FrameFacts] = ()
    unreadable: int = 0
    model_id: str | None = None
    liveness_model_id: str | None = None
    #: None where the photographs were not compared with earlier ones.
    past: Past | None = None
    #: Every frame in its order, where moves were asked for; `frames` are then the first and the last of them.
    burst: Sequence[BurstFrame] = ()
