"""Prints and screens of everybody, held in several ways before the camera: what is refused, and what is not.

docs/model-card.md states the counts. Whoever betters them betters the card too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest

from api.biometrics.rules import FaceThresholds, framing
from tests import pictures as made
from tests.worker.vision.conftest import Look
from worker.faces import facts_of

#: How large the picture stands in the frame, and by how many pixels it is off the middle.
FRAMINGS = {"near": (1.0, 0, 0), "aside": (1.0, 20, -15), "an arm away": (0.9, 0, 0), "further": (0.8, 0, 0)}
AS_SET_UP = FaceThresholds()
Make = Callable[[bytes], bytes]


def held(jpeg: bytes, scale: float, right: int, down: int) -> bytes:
    pixels = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    middle = (made.FACE_X * (1 - scale) + right, made.FACE_Y * (1 - scale) + down)
    move = np.array([[scale, 0, middle[0]], [0, scale, middle[1]]])
    return made.to_jpeg(made.warp(np.asarray(pixels, np.uint8), move), 90)


@cache
def presented(make: Make, person: int, how: str) -> bytes:
    return held(make(made.portrait(person)), *FRAMINGS[how])


def outcome(look: Look, jpeg: bytes) -> str:
    """As an agency has it that set nothing: taken, left to a person, refused, or asked for another picture."""
    facts = facts_of(look.frame(jpeg))
    if framing(facts, AS_SET_UP):
        return "asked again"
    assert facts.liveness is not None
    if facts.liveness >= AS_SET_UP.liveness_review:
        return "taken"
    return "a person" if facts.liveness >= AS_SET_UP.liveness else "refused"


def outcomes(look: Look, make: Make, how: str) -> Counter[str]:
    return Counter(outcome(look, presented(make, person, how)) for person in range(made.PEOPLE))


def as_they_are(jpeg: bytes) -> bytes:
    return jpeg


@pytest.mark.parametrize("how", FRAMINGS)
def test_nobody_living_is_refused_however_she_stands(look: Look, how: str) -> None:
    found = outcomes(look, as_they_are, how)
    assert found["refused"] == 0
    assert found["a person"] <= 1


@pytest.mark.parametrize("how", ["near", "aside"])
@pytest.mark.parametrize("make", [made.printed_page, made.on_a_screen])
def test_what_fills_the_frame_is_never_taken(look: Look, make: Make, how: str) -> None:
    found = outcomes(look, make, how)
    assert found["taken"] == 0
    assert found["refused"] >= 5


@pytest.mark.parametrize("how", ["an arm away", "further"])
def test_screens_held_away_are_not_taken(look: Look, how: str) -> None:
    found = outcomes(look, made.on_a_screen, how)
    assert found["taken"] == 0


@pytest.mark.parametrize(("how", "most"), [("an arm away", 1), ("further", 3)])
def test_prints_held_away_are_sometimes_taken(look: Look, how: str, most: int) -> None:
    """Passive liveness does not see the paper's edge when it lies outside its crop."""
    found = outcomes(look, made.printed_page, how)
    assert 0 < found["taken"] <= most, "if none is taken any more, the model card can say so"
