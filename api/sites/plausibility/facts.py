"""What the position rules are told, and what they answer. Degrees are WGS 84; times carry a zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from api.core.verdict import Reason, ReasonLevel, worst

#: Both ends included. Wider than the world where only nonsense should be caught.
RANGES: Mapping[str, tuple[float, float]] = {
    "latitude": (-90.0, 90.0),
    "longitude": (-180.0, 180.0),
    "altitude": (-12_000.0, 100_000.0),
    "speed": (0.0, 100_000.0),
    "heading": (0.0, 360.0),
}
#: A circle wider than a province is a mistake in the data, and would let everyone in.
LARGEST_RADIUS_M = 100_000.0


class Code(StrEnum):
    """Stable names of the findings about a position; kept in rows and in the sentence catalogues."""

    POSITION_MISSING = "POSITION_MISSING"
    NO_DUTY_LOCATION = "NO_DUTY_LOCATION"
    POSITION_NOT_FINITE = "POSITION_NOT_FINITE"
    POSITION_OUT_OF_RANGE = "POSITION_OUT_OF_RANGE"
    POSITION_TIME_WITHOUT_ZONE = "POSITION_TIME_WITHOUT_ZONE"
    POSITION_ZERO = "POSITION_ZERO"
    POSITION_STALE = "POSITION_STALE"
    POSITION_AHEAD = "POSITION_AHEAD"
    ACCURACY_MISSING = "ACCURACY_MISSING"
    ACCURACY_TOO_POOR = "ACCURACY_TOO_POOR"
    ACCURACY_LOW = "ACCURACY_LOW"
    ACCURACY_TOO_GOOD = "ACCURACY_TOO_GOOD"
    POSITION_INSIDE = "POSITION_INSIDE"
    POSITION_UNCERTAIN = "POSITION_UNCERTAIN"
    POSITION_OUTSIDE = "POSITION_OUTSIDE"
    SPEED_SUSPICIOUS = "SPEED_SUSPICIOUS"
    SPEED_IMPOSSIBLE = "SPEED_IMPOSSIBLE"
    SPEED_CLAIMED = "SPEED_CLAIMED"
    COORDINATES_REPEATED = "COORDINATES_REPEATED"
    FIXES_WITHOUT_JITTER = "FIXES_WITHOUT_JITTER"
    COORDINATES_SHARED = "COORDINATES_SHARED"
    DEVICE_SHARED = "DEVICE_SHARED"
    SIGNALS_TOGETHER = "SIGNALS_TOGETHER"
    SITE_DISTURBED = "SITE_DISTURBED"


class PositionResult(StrEnum):
    INSIDE = "INSIDE"
    OUTSIDE = "OUTSIDE"
    UNCERTAIN = "UNCERTAIN"
    UNUSABLE = "UNUSABLE"  #: fixes came, none can be used
    NOT_CHECKED = "NOT_CHECKED"  #: no fix, or no circle to compare with


@dataclass(frozen=True, slots=True)
class Fix:
    """One position as the phone claims it: nothing in it is believed before `check_input` has seen it."""

    latitude: float
    longitude: float
    accuracy: float | None  #: metres, radius of 68 % confidence
    time: datetime
    altitude: float | None = None  #: metres
    speed: float | None = None  #: metres a second
    heading: float | None = None  #: degrees from north

    @property
    def point(self) -> tuple[float, float]:
        return self.latitude, self.longitude


@dataclass(frozen=True, slots=True)
class Circle:
    """A duty location. Raises ValueError where the row cannot be a place: silence would open or shut it."""

    id: UUID
    latitude: float
    longitude: float
    radius: float  #: metres

    def __post_init__(self) -> None:
        for name, (least, most) in (
            ("latitude", RANGES["latitude"]),
            ("longitude", RANGES["longitude"]),
            ("radius", (0.0, LARGEST_RADIUS_M)),
        ):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"duty location {self.id}: {name} {getattr(self, name)}")
        if self.radius == 0:
            raise ValueError(f"duty location {self.id}: radius 0")


@dataclass(frozen=True, slots=True)
class History:
    """What this person's earlier check-ins say."""

    last_accepted: Fix | None = None
    #: Earlier check-ins, this one not counted, that carry one of its points to the last bit:
    #: see `count_identical`.
    identical_check_ins: int = 0


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the others, the device and the site say at this hour."""

    #: Other people who sent one of these very points within `neighbour_window_s`.
    others_at_point: int = 0
    #: Accounts that used this device on the local day, this one counted; 0 where no device was named.
    accounts_on_device: int = 0
    disturbed: bool = False
    desktop: bool = False


@dataclass(frozen=True, slots=True)
class PositionVerdict:
    """`best_fix` is an index into the fixes as they were given; figures are None where none was judged."""

    result: PositionResult
    reasons: tuple[Reason, ...]
    score: float = 0.0  #: weights of all findings that count; orders a reviewer's list
    distance_m: float | None = None  #: from the best fix to the centre of `circle_id`
    accuracy_m: float | None = None
    speed_kmh: float | None = None  #: from the last accepted fix to the best one
    circle_id: UUID | None = None
    best_fix: int | None = None

    @property
    def level_found(self) -> ReasonLevel:
        """The worst level, with what a disturbed site held back: a site's failures are counted by it, or a
        site would count as sound again as soon as it is known to be disturbed."""
        held = (ReasonLevel[str(reason.params["held"])] for reason in self.reasons if "held" in reason.params)
        return max(worst(self.reasons), *held, ReasonLevel.INFO)
