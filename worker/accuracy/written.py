"""A card on disk: Markdown for people, JSON for programs, curves as SVG."""

from __future__ import annotations

from pathlib import Path

import orjson
from jinja2 import Environment, PackageLoader, StrictUndefined

from worker.accuracy import charts
from worker.accuracy.card import Card
from worker.accuracy.figures import CONFIDENCE, Rate

CARD, DATA = "card.md", "card.json"
#: Figures of an office, not pages: nothing here is HTML.
TEMPLATES = Environment(  # noqa: S701
    loader=PackageLoader("worker.accuracy", "."),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write(card: Card, folder: Path) -> Path:
    """Writes card.md, card.json and the curves into a folder, made where it is missing; the card's path."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = _curves(card)
    for name, content in drawn.items():
        (folder / name).write_bytes(content)
    (folder / DATA).write_bytes(_data(card))
    (folder / CARD).write_text(markdown(card, list(drawn)), encoding="utf-8")
    return folder / CARD


def markdown(card: Card, curves: list[str]) -> str:
    template = TEMPLATES.get_template("card.md.jinja")
    return template.render(card=card, curves=curves, confidence=CONFIDENCE, share=_share)


def _curves(card: Card) -> dict[str, bytes]:
    found = {}
    if card.matching:
        found = {
            "det.svg": charts.det(card.matching.scores),
            "scores.svg": charts.histogram(card.matching.scores),
        }
    if card.attacks:
        found["liveness.svg"] = charts.attacks(card.attacks)
    return found


def _data(card: Card) -> bytes:
    """Of the counts at each of twenty thousand steps, only their sums."""
    return orjson.dumps(card, default=lambda counts: int(counts.sum()), option=orjson.OPT_INDENT_2)


def _share(rate: Rate) -> str:
    """A rate with its interval, as in "0.10 % (0.05–0.20 %)"."""
    if rate.value is None or rate.low is None or rate.high is None:
        return "–"
    return f"{_percent(rate.value)} % ({_percent(rate.low)}–{_percent(rate.high)} %)"


def _percent(value: float) -> str:
    return f"{100 * value:.3g}"
