"""Rows of the table: what was measured, against what, and whether it is good enough."""

from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]

_HEADINGS = ("id", "what", "value", "floor", "ratio", "must", "stretch", "verdict")


def row(
    id_: str,
    what: str,
    value: float | None,
    *,
    must: float | None,
    stretch: float | None = None,
    floor: float | None = None,
    note: str = "",
) -> Row:
    """`must` and `stretch` bound the ratio where there is a floor, else the value; a stretch above the must
    says that more is better. Without a value the row was not measured and `note` says why; without a must it
    is told for information."""
    ratio = None if floor is None or value is None else round(value / floor, 3)
    figures = {"value": _rounded(value), "floor": _rounded(floor), "ratio": ratio}
    return {"id": id_, "what": what, **figures, "must": must, "stretch": stretch, "note": note}


def verdict(found: Row) -> str:
    """One of "met", "stretch met", "missed", "not measured", and "told" where there is no goal."""
    if found["value"] is None:
        return "not measured"
    if found["must"] is None:
        return "told"
    figure = found["value"] if found["ratio"] is None else found["ratio"]
    must, stretch = found["must"], found["stretch"]
    more = found.get("more", stretch is not None and stretch > must)
    reached = [
        bound is not None and (figure >= bound if more else figure <= bound) for bound in (stretch, must)
    ]
    return "stretch met" if reached[0] else "met" if reached[1] else "missed"


def table(rows: Sequence[Row]) -> str:
    """Columns of text; notes follow below."""
    lines = [_HEADINGS, *(tuple(_shown(found, name) for name in _HEADINGS) for found in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    drawn = [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]
    notes = [f"{found['id']}: {found['note']}" for found in rows if found.get("note")]
    return "\n".join([*drawn, *(["", *notes] if notes else [])])


def _shown(found: Row, name: str) -> str:
    value = found.get(name)
    return "–" if value is None else f"{value:g}" if isinstance(value, int | float) else str(value)


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
