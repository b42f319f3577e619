"""Embeddings against embeddings: listed pairs, or all with all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from worker.accuracy.figures import CONFIDENCE, Rate, Scores, counted
from worker.accuracy.sets import Pair
from worker.vision.measures import FloatArray

#: Comparisons made at a time; with what belongs to each, 150 MB.
BLOCK = 4_000_000
RESAMPLES = 1_000
#: So that a card made twice from the same set is the same card.
SEED = 20_260_101


class PairScores(NamedTuple):
    """Cosines of those pairs of which both pictures had a face."""

    scores: NDArray[np.float32]
    same: NDArray[np.bool_]
    folds: NDArray[np.int64]


def of_pairs(embeddings: FloatArray, pairs: Sequence[Pair]) -> PairScores:
    first, second, same, folds = (np.array(column) for column in zip(*pairs, strict=True))
    scores = np.einsum("ij,ij->i", embeddings[first], embeddings[second])
    known = ~np.isnan(scores)
    return PairScores(scores[known], same[known].astype(bool), folds[known])


def fold_accuracy(found: PairScores) -> tuple[float, float] | None:
    """Mean and standard deviation over the folds of the share judged rightly, each at the threshold that is best
    for the others (LFW's protocol); None with fewer than two folds."""
    folds = np.unique(found.folds)
    if len(folds) < 2:
        return None
    rights = []
    for fold in folds:
        apart = found.folds == fold
        threshold = _best(found.scores[~apart], found.same[~apart])
        rights.append(float(((found.scores[apart] >= threshold) == found.same[apart]).mean()))
    return float(np.mean(rights)), float(np.std(rights))


def _best(scores: NDArray[np.float32], same: NDArray[np.bool_]) -> float:
    order = np.argsort(scores)
    kept, same = scores[order], same[order]
    # With the threshold at score i, the differing ones below it and the same ones from it on are right.
    right = np.cumsum(~same) - ~same + same[::-1].cumsum()[::-1]
    best = int(np.argmax(right))
    return (
        float(kept[max(best - 1, 0)] + kept[best]) / 2
    )  # midway: at the score itself another fold's would fail


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """Pictures of people, all to be compared with all; only those with a face."""

    embeddings: FloatArray
    #: Number of the person in each picture, 0 to people − 1.
    who: NDArray[np.int64]
    people: int

    @classmethod
    def of(cls, embeddings: FloatArray, people: Sequence[str]) -> Crowd:
        known = ~np.isnan(embeddings[:, 0])
        names, who = np.unique(np.array(people)[known], return_inverse=True)
        return cls(embeddings[known], who.astype(np.int64), len(names))

    def scores(self) -> Scores:
        genuine, impostor = counted(np.array([])), counted(np.array([]))
        for cosines, same, _, _ in self._blocks():
            genuine += counted(cosines[same])
            impostor += counted(cosines[~same])
        return Scores(genuine, impostor)

    def errors_at(self, threshold: float) -> tuple[Rate, Rate]:
        """FMR and FNMR with intervals from resampling people: their pictures' comparisons hang together."""
        missed, genuine = np.zeros(self.people), np.zeros(self.people)
        pairs: list[NDArray[Any]] = []
        for cosines, same, first, second in self._blocks():
            below = same & (cosines < threshold)
            genuine += np.bincount(first[same], minlength=self.people)
            missed += np.bincount(first[below], minlength=self.people)
            passed = ~same & (cosines >= threshold)
            pairs.append(np.stack([first[passed], second[passed]]))
        false = np.concatenate(pairs, axis=1) if pairs else np.zeros((2, 0), np.int64)
        held = np.bincount(self.who, minlength=self.people).astype(float)
        weights = np.random.default_rng(SEED).multinomial(
            self.people, np.full(self.people, 1 / self.people), RESAMPLES
        )
        return _fmr(false, held, weights), _ratio(missed, genuine, weights)

    def _blocks(self) -> Iterator[tuple[Any, Any, Any, Any]]:
        """Each pair of pictures once: cosines, whether of one person, and the numbers of both people."""
        step = max(1, BLOCK // max(len(self.who), 1))
        for start in range(0, len(self.who), step):
            end = min(start + step, len(self.who))
            cosines = self.embeddings[start:end] @ self.embeddings[start:].T
            rows, columns = np.triu_indices(end - start, 1, len(self.who) - start)
            first, second = self.who[start + rows], self.who[start + columns]
            yield cosines[rows, columns], first == second, first, second


def _fmr(false: NDArray[Any], held: NDArray[Any], weights: NDArray[Any]) -> Rate:
    trials = (held.sum() ** 2 - (held**2).sum()) / 2
    if not trials:
        return Rate(None, None, None, 0)
    errors = (weights[:, false[0]] * weights[:, false[1]]).sum(axis=1)
    weighted = weights * held
    drawn = (weighted.sum(axis=1) ** 2 - (weighted**2).sum(axis=1)) / 2
    return _rate(false.shape[1], int(trials), errors, drawn, independent=len(held) // 2)


def _ratio(errors: NDArray[Any], trials: NDArray[Any], weights: NDArray[Any]) -> Rate:
    if not trials.sum():
        return Rate(None, None, None, 0)
    independent = int((trials > 0).sum())
    return _rate(int(errors.sum()), int(trials.sum()), weights @ errors, weights @ trials, independent)


def _rate(errors: int, trials: int, drawn: NDArray[Any], of: NDArray[Any], independent: int) -> Rate:
    """The interval holds what the resamples say, and never less than that many independent trials could tell:
    where no error was seen, resampling sees none either."""
    resampled = drawn[of > 0] / of[of > 0]
    low, high = (
        np.quantile(resampled, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]) if len(resampled) else (0, 1)
    )
    if errors == 0:
        high = max(float(high), 1 - (1 - CONFIDENCE) ** (1 / max(independent, 1)))
    return Rate(errors / trials, float(low), float(high), trials)
