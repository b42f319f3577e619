"""Where a check-in was made, as a drawing: the duty circle, the fixes with their accuracy, scale and north.

Distances are taken on a plane that touches the earth at the duty location. Within the few kilometres that a
map shows this is off by less than the width of a line.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

EARTH_RADIUS_METRES = 6_371_008.8  # mean radius, IUGG
WIDTH = 640
HEIGHT = 420
_MARGIN = 36
#: Accuracies above this are drawn as a circle of this many metres: a poor fix must not shrink the rest.
_LARGEST_DRAWN_ACCURACY = 2_000.0


@dataclass(frozen=True, slots=True)
class Place:
    """Degrees, and metres for the radius."""

    latitude: float
    longitude: float
    radius: float


@dataclass(frozen=True, slots=True)
class Fix:
    """Degrees; accuracy in metres, None when the phone did not say."""

    latitude: float
    longitude: float
    accuracy: float | None


@dataclass(frozen=True, slots=True)
class Dot:
    """Centre and radius in the drawing's units; `accuracy` 0 when unknown."""

    x: float
    y: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Drawing:
    """Units of the drawing, WIDTH × HEIGHT, y downwards; `scale_metres` is what the bar stands for."""

    centre: tuple[float, float]
    radius: float
    dots: tuple[Dot, ...]
    scale_metres: int
    scale_width: float


def offset(place: Place, latitude: float, longitude: float) -> tuple[float, float]:
    """Metres east and north of the place; a difference across the date line takes the short way."""
    turn = (longitude - place.longitude + 180) % 360 - 180
    east = math.radians(turn) * math.cos(math.radians(place.latitude)) * EARTH_RADIUS_METRES
    north = math.radians(latitude - place.latitude) * EARTH_RADIUS_METRES
    return east, north


def draw(place: Place, fixes: Sequence[Fix]) -> Drawing:
    """The whole circle and every fix fit; far fixes make the circle small, and never vanish."""
    points = [(*offset(place, fix.latitude, fix.longitude), _drawn_accuracy(fix)) for fix in fixes]
    boxes = [(0.0, 0.0, place.radius), *points]
    west, east = min(e - r for e, _, r in boxes), max(e + r for e, _, r in boxes)
    south, north = min(n - r for _, n, r in boxes), max(n + r for _, n, r in boxes)
    per_metre = min(
        (WIDTH - 2 * _MARGIN) / max(east - west, 1.0), (HEIGHT - 2 * _MARGIN) / max(north - south, 1.0)
    )
    middle_east, middle_north = (west + east) / 2, (south + north) / 2

    def at(metres_east: float, metres_north: float) -> tuple[float, float]:
        x = WIDTH / 2 + (metres_east - middle_east) * per_metre
        y = HEIGHT / 2 - (metres_north - middle_north) * per_metre
        return round(x, 1), round(y, 1)

    dots = tuple(Dot(*at(e, n), accuracy=round(r * per_metre, 1)) for e, n, r in points)
    scale = scale_bar(WIDTH / 4 / per_metre)
    return Drawing(
        at(0, 0), max(round(place.radius * per_metre, 1), 2.0), dots, scale, round(scale * per_metre, 1)
    )


def scale_bar(at_most: float) -> int:
    """The largest 1, 2 or 5 × 10ⁿ metres that is not longer than `at_most` metres; 1 at least."""
    if at_most < 1:
        return 1
    power = 10 ** math.floor(math.log10(at_most))
    return int(max(step * power for step in (1, 2, 5) if step * power <= at_most))


def _drawn_accuracy(fix: Fix) -> float:
    return min(max(fix.accuracy or 0.0, 0.0), _LARGEST_DRAWN_ACCURACY)
