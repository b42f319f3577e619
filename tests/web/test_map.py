import math

import pytest
from haversine import Unit, haversine
from hypothesis import given
from hypothesis import strategies as st

from web.pages.evidence.map import HEIGHT, WIDTH, Fix, Place, draw, offset, scale_bar

JAKARTA = Place(-6.2, 106.8, 100.0)
near = st.floats(-0.02, 0.02)


@given(
    near,
    near,
    st.sampled_from([JAKARTA, Place(-2.5, 140.7, 50.0), Place(0.0, 179.999, 80.0), Place(0.0, 0.0, 9.0)]),
)
def test_offsets_agree_with_the_great_circle(north: float, east: float, place: Place) -> None:
    longitude = (place.longitude + east + 180) % 360 - 180
    metres = math.hypot(*offset(place, place.latitude + north, longitude))
    there = (place.latitude + north, longitude)
    assert metres == pytest.approx(
        haversine((place.latitude, place.longitude), there, unit=Unit.METERS), abs=0.5
    )


def test_north_is_up_and_east_is_right() -> None:
    drawing = draw(JAKARTA, [Fix(-6.1995, 106.8, 5.0), Fix(-6.2, 106.8005, 5.0)])
    north, east = drawing.dots
    assert north.y < drawing.centre[1]
    assert north.x == drawing.centre[0]
    assert east.x > drawing.centre[0]
    assert east.y == drawing.centre[1]


@given(
    st.lists(
        st.builds(Fix, st.floats(-6.5, -5.9), st.floats(106.5, 107.1), st.none() | st.floats(1, 1900)),
        max_size=10,
    )
)
def test_the_circle_and_every_fix_lie_inside_the_drawing(fixes: list[Fix]) -> None:
    drawing = draw(JAKARTA, fixes)
    for x, y, radius in [(*drawing.centre, drawing.radius), *((d.x, d.y, d.accuracy) for d in drawing.dots)]:
        assert radius <= x <= WIDTH - radius
        assert radius <= y <= HEIGHT - radius
    assert drawing.radius >= 2
    assert 0 < drawing.scale_width <= WIDTH / 4 + 0.1


def test_distances_in_the_drawing_are_to_the_scale() -> None:
    drawing = draw(JAKARTA, [Fix(-6.2, 106.8, 50.0)])
    per_metre = drawing.scale_width / drawing.scale_metres
    assert drawing.radius / per_metre == pytest.approx(100.0, rel=0.01)
    assert drawing.dots[0].accuracy / per_metre == pytest.approx(50.0, rel=0.01)


def test_a_hopeless_accuracy_does_not_shrink_the_rest_without_bound() -> None:
    assert draw(JAKARTA, [Fix(-6.2, 106.8, 2_000_000.0)]) == draw(JAKARTA, [Fix(-6.2, 106.8, 2_000.0)])


def test_no_fix_still_draws_the_circle() -> None:
    assert draw(JAKARTA, []).dots == ()


@pytest.mark.parametrize(
    ("at_most", "bar"),
    [(0.2, 1), (1, 1), (1.9, 1), (2, 2), (49.9, 20), (50, 50), (99, 50), (100, 100), (7_300, 5_000)],
)
def test_the_scale_bar_is_a_round_number(at_most: float, bar: int) -> None:
    assert scale_bar(at_most) == bar
