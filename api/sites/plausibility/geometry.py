"""Distances on the sphere. Its error against the WGS 84 ellipsoid stays under 0.6 %: half a metre in 100."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf

from api.sites.plausibility.checks import seconds_between
from api.sites.plausibility.facts import Circle, Fix, PositionResult

#: Receivers stamp their fixes to the second: closer than this, two of them are one second apart.
SHORTEST_S = 1.0


@dataclass(frozen=True, slots=True)
class Leg:
    """The way between two fixes. `speed_kmh` is the least that their accuracies allow."""

    distance_m: float
    speed_kmh: float


def distance_m(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Metres between two (latitude, longitude); ±180° is one meridian and a pole one point."""
    # Here, for haversine brings numpy along: 10 MB in each web process, which never asks for a distance.
    from haversine import Unit, haversine

    return float(haversine(a, b, unit=Unit.METERS))


def place(distance: float, accuracy: float, radius: float) -> PositionResult:
    """Where a circle of confidence lies against a duty circle; all metres. A rim that touches is inside.

    Raises ValueError on a figure that is no length: a negative accuracy would let anyone in.
    """
    if not (0 <= distance < inf and 0 < accuracy < inf and 0 < radius < inf):
        raise ValueError(f"no lengths: distance {distance}, accuracy {accuracy}, radius {radius}")
    if distance + accuracy <= radius:
        return PositionResult.INSIDE
    if distance - accuracy > radius:
        return PositionResult.OUTSIDE
    return PositionResult.UNCERTAIN


def nearest(fix: Fix, circles: Iterable[Circle]) -> tuple[Circle, float] | None:
    """The most favourable circle and the metres to its centre; None where there is none.

    For one accuracy the result depends on distance − radius alone, so the smallest is the best of all.
    """
    measured = ((circle, distance_m(fix.point, (circle.latitude, circle.longitude))) for circle in circles)
    return min(measured, key=lambda pair: pair[1] - pair[0].radius, default=None)


def leg(a: Fix, b: Fix) -> Leg:
    """Speed as max(0, d − a₁ − a₂) / Δt; the order of the two does not matter. Both must be sound."""
    distance = distance_m(a.point, b.point)
    certain = max(0.0, distance - (a.accuracy or 0.0) - (b.accuracy or 0.0))
    elapsed = max(SHORTEST_S, abs(seconds_between(a.time, b.time)))
    return Leg(distance, certain / elapsed * 3.6)
