"""Curves of a card, as SVG files without scripts or addresses."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import numpy as np
from scipy.special import ndtri

from worker.accuracy.card import Attacks
from worker.accuracy.figures import THRESHOLDS, Scores

WIDTH, HEIGHT = 760, 440
#: Error rates that a DET curve's axes name; both run by the normal deviate (ISO/IEC 19795-1), where a matcher
#: whose scores are normal draws a straight line.
NAMED = (1e-5, 1e-4, 1e-3, 1e-2, 5e-2, 0.2, 0.5)
COLUMNS = 50
#: Told apart without colour too: the curves' names stand beside them, and dashes differ.
STYLE = {
    "background": "#ffffff",
    "plot_background": "#ffffff",
    "foreground": "#333333",
    "foreground_strong": "#111111",
    "foreground_subtle": "#777777",
    "colors": ("#0b5cad", "#c2410c", "#4d7c0f", "#7e22ce", "#0f766e", "#be123c"),
    "font_family": "system-ui, sans-serif",
    "title_font_size": 18,
    "label_font_size": 12,
    "legend_font_size": 13,
    "no_data_font_size": 18,
}


def det(scores: Scores) -> bytes:
    """Detection error trade-off: FNMR against FMR over all thresholds."""
    fmr, fnmr = scores.fmr, scores.fnmr
    drawn = (fmr > 0) & (fmr < 1) & (fnmr > 0) & (fnmr < 1)
    steps = np.flatnonzero(drawn & (np.diff(fmr, prepend=2) != 0))[:: max(1, int(drawn.sum()) // 500)]
    chart = _chart("FNMR against FMR", dots_size=1, show_legend=False)
    chart.x_title, chart.y_title = "FMR", "FNMR"
    chart.x_labels = chart.y_labels = [
        {"value": float(ndtri(rate)), "label": f"{100 * rate:g} %"} for rate in NAMED
    ]
    chart.add("DET", [(float(ndtri(fmr[at])), float(ndtri(fnmr[at]))) for at in steps])
    return _drawn(chart)


def histogram(scores: Scores) -> bytes:
    """How often each cosine came out, as shares of the genuine and of the impostor comparisons."""
    edges = np.linspace(0, len(THRESHOLDS), COLUMNS + 1).astype(int)[:-1]
    chart = _chart("Cosines", fill=True, show_dots=False)
    chart.x_title, chart.y_title = "cosine", "% of comparisons"
    for name, counts in (("genuine", scores.genuine), ("impostor", scores.impostor)):
        shares = 100 * np.add.reduceat(counts, edges) / max(int(counts.sum()), 1)
        chart.add(name, list(zip(THRESHOLDS[edges].tolist(), shares.tolist(), strict=True)))
    return _drawn(chart)


def attacks(found: Attacks) -> bytes:
    """How many of each kind pass at each threshold."""
    chart = _chart("Pictures that pass, by liveness threshold", show_dots=False)
    chart.x_title, chart.y_title = "threshold", "% that pass"
    chart.add("live", _passing(found.live_scores, found.live), stroke_style={"width": 3})
    for kind in found.kinds:
        chart.add(kind.kind, _passing(kind.scores, kind.pictures), stroke_style={"dasharray": "6, 4"})
    return _drawn(chart)


def _passing(scores: Sequence[float], pictures: int) -> list[tuple[float, float]]:
    known = np.array(scores)
    return [(at, 100 * int((known >= at).sum()) / pictures) for at in np.linspace(0, 1, COLUMNS + 1).tolist()]


def _chart(title: str, **options: Any) -> Any:
    import pygal
    from pygal.style import Style

    # It leaves an import hook of the old kind behind, for plugins that are not used; Python warns of it ever after.
    sys.meta_path[:] = [each for each in sys.meta_path if type(each).__module__ != "pygal"]
    return pygal.XY(
        title=title,
        width=WIDTH,
        height=HEIGHT,
        style=Style(**STYLE),
        no_data_text="no errors to show",
        legend_at_bottom=True,
        explicit_size=True,
        no_prefix=True,
        **options,
    )


def _drawn(chart: Any) -> bytes:
    """Without pygal's scripts, which a page with a strict policy would not run."""
    tree = chart.render_tree()
    for parent in list(tree.iter()):
        for script in parent.findall("script"):
            parent.remove(script)
    return bytes(ElementTree.tostring(tree, encoding="utf-8"))
