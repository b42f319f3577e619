"""A match threshold for people like these, from their own templates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np

from worker.accuracy import figures
from worker.accuracy.compare import SEED, Crowd
from worker.accuracy.figures import Rate, Scores
from worker.vision.measures import FloatArray

#: NIST SP 800-63B: a false match rate of 1:10,000 or better.
TARGET = 1e-4
#: Pairs grow with the square: so many people with three templates make 450 million, which take over a minute.
MOST_PEOPLE = 10_000
DIGITS = 1_000


class TooFew(Exception):
    """Fewer than two people have templates of this model: there are no strangers to compare."""


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    target: float
    threshold: float
    people: int
    fmr: Rate
    #: Of photographs of one sitting, so that other days do worse.
    fnmr: Rate
    #: Whether there are comparisons enough to show the target; without, the threshold is not below `at_least`.
    provable: bool
    scores: Scores


def propose(embeddings: FloatArray, people: Sequence[str], target: float, at_least: float) -> Proposal:
    """The lowest threshold that keeps the false match rate at the target among these people, to three digits,
    rounded up. Raises TooFew."""
    crowd = Crowd.of(*_drawn(embeddings, people))
    scores = crowd.scores()
    found = figures.threshold_for(scores, target)
    if found is None:
        raise TooFew
    provable = figures.provable(scores, target)
    threshold = ceil((found if provable else max(found, at_least)) * DIGITS - 1e-6) / DIGITS
    return Proposal(target, threshold, crowd.people, *crowd.errors_at(threshold), provable, scores)


def _drawn(embeddings: FloatArray, people: Sequence[str]) -> tuple[FloatArray, Sequence[str]]:
    names = np.unique(np.array(people))
    if len(names) <= MOST_PEOPLE:
        return embeddings, people
    chosen = np.isin(people, np.random.default_rng(SEED).choice(names, MOST_PEOPLE, replace=False))
    return embeddings[chosen], [person for person, taken in zip(people, chosen, strict=True) if taken]
