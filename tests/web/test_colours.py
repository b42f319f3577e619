"""The style sheet's colours against WCAG 2.2 AA, in both schemes."""

import re

import pytest

from tests.web.fake_api import ROOT

CSS = (ROOT / "web" / "static" / "hadir.css").read_text("utf-8")
LIGHT, DARK = re.findall(r":root \{(.*?)\n\s*\}", CSS, flags=re.DOTALL)
TEXT = 4.5
SHAPES = 3.0
PAIRS = [
    *(
        (ink, ground, TEXT)
        for ink in ("ink", "ink-soft", "accent")
        for ground in ("paper", "surface", "sunken")
    ),
    *((tone, f"{tone}-soft", TEXT) for tone in ("good", "warn", "bad", "info", "quiet")),
    *((tone, "surface", TEXT) for tone in ("good", "warn", "bad", "info", "quiet")),
    ("on-accent", "accent", SHAPES),
    ("on-fill", "fill", TEXT),
    ("on-fill", "fill-strong", TEXT),
    ("accent", "accent-soft", TEXT),
    ("ink", "pressed", TEXT),
    ("ink", "accent-soft", TEXT),
    ("paper", "bad", TEXT),
    ("accent", "paper", SHAPES),
]


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("front", "ground", "least"), PAIRS)
def test_contrast(scheme: str, front: str, ground: str, least: float) -> None:
    known = {**colours(LIGHT), **(colours(DARK) if scheme == "dark" else {})}
    assert contrast(known[front], known[ground]) >= least


def test_contrast_is_measured_as_the_standard_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
