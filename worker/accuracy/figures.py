"""Scores to error rates, with how sure they can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest

Counts = NDArray[np.int64]
Rates = NDArray[np.float64]

#: Thresholds are told to four digits, so scores are counted on a grid as fine: memory does not grow with the set.
STEPS = 20_000
THRESHOLDS: Rates = np.linspace(-1, 1, STEPS + 1)
CONFIDENCE = 0.95
#: The false match rates at which the true accept rate is told.
FARS = (1e-3, 1e-4, 1e-5)


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of trials with its interval at CONFIDENCE; all None where there were no trials."""

    value: float | None
    low: float | None
    high: float | None
    trials: int


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """How many genuine and impostor comparisons came out at each step of THRESHOLDS."""

    genuine: Counts
    impostor: Counts

    @classmethod
    def of(cls, genuine: NDArray[Any] | Sequence[float], impostor: NDArray[Any] | Sequence[float]) -> Scores:
        """Of cosines, −1 to 1."""
        return cls(counted(np.asarray(genuine)), counted(np.asarray(impostor)))

    @property
    def fmr(self) -> Rates:
        """Share of impostor comparisons at or over each threshold; NaN without any."""
        return _share(self.impostor[::-1].cumsum()[::-1], int(self.impostor.sum()))

    @property
    def fnmr(self) -> Rates:
        """Share of genuine comparisons below each threshold; NaN without any."""
        return _share(self.genuine.cumsum() - self.genuine, int(self.genuine.sum()))


@dataclass(frozen=True, slots=True)
class Equal:
    """Where both errors are alike."""

    rate: float
    threshold: float


def counted(scores: NDArray[Any]) -> Counts:
    steps = np.floor((np.clip(scores.ravel(), -1, 1) + 1) * (STEPS / 2) + 1e-6).astype(np.int64)
    return np.bincount(steps, minlength=STEPS + 1).astype(np.int64)


def equal_error(scores: Scores) -> Equal | None:
    """EER: at the threshold where the errors are nearest to each other, their mean; None without both kinds."""
    fmr, fnmr = scores.fmr, scores.fnmr
    if np.isnan(fmr[0]) or np.isnan(fnmr[0]):
        return None
    gap = np.abs(fmr - fnmr)
    # Where a wide gap between the two kinds leaves many thresholds alike, the middle one errs least on others.
    best = np.flatnonzero(gap == gap.min())
    at = int(best[len(best) // 2])
    return Equal(float(fmr[at] + fnmr[at]) / 2, float(THRESHOLDS[at]))


def threshold_for(scores: Scores, far: float) -> float | None:
    """The lowest threshold at which no more than `far` of the impostors match; None without impostors."""
    fits = np.flatnonzero(scores.fmr <= far)
    return float(THRESHOLDS[fits[0]]) if len(fits) else None


def provable(scores: Scores, far: float) -> bool:
    """Whether there are impostors enough for a rate so small: thirty errors expected (Doddington's rule of 30)
    would be better, one is the least."""
    return bool(scores.impostor.sum() * far >= 1)


def exact(errors: int, trials: int) -> Rate:
    """With Clopper and Pearson's interval, for trials that do not hang on one another."""
    if trials == 0:
        return Rate(None, None, None, 0)
    interval = binomtest(errors, trials).proportion_ci(CONFIDENCE, "exact")
    return Rate(errors / trials, float(interval.low), float(interval.high), trials)


def errors_at(scores: Scores, threshold: float) -> tuple[Rate, Rate]:
    """FMR and FNMR at a threshold."""
    at = int(np.searchsorted(THRESHOLDS, threshold - 1 / STEPS))
    return (
        exact(int(scores.impostor[at:].sum()), int(scores.impostor.sum())),
        exact(int(scores.genuine[:at].sum()), int(scores.genuine.sum())),
    )


def _share(counts: Counts, total: int) -> Rates:
    return counts / total if total else np.full(len(counts), np.nan)
