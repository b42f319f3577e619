"""Error rates against counting by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.accuracy import compare, figures
from worker.accuracy.figures import Scores
from worker.accuracy.sets import Pair

COSINES = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=60)


def test_rates_are_counted_at_and_below_the_threshold() -> None:
    scores = Scores.of([0.2, 0.5, 0.6, 0.9], [-0.1, 0.1, 0.3, 0.5])
    fmr, fnmr = figures.errors_at(scores, 0.5)
    assert (fmr.value, fmr.trials) == (0.25, 4)  # one impostor at the threshold itself passes
    assert (fnmr.value, fnmr.trials) == (0.25, 4)  # and a genuine one at it is no miss
    assert figures.errors_at(scores, 0.5001)[0].value == 0
    assert figures.errors_at(scores, 0.5001)[1].value == 0.5


@given(COSINES, COSINES, st.integers(-9_999, 9_999))
def test_rates_are_their_definitions(genuine: list[float], impostor: list[float], step: int) -> None:
    # Between two steps of the grid, so that rounding decides nothing.
    threshold = step / 10_000
    on_grid = [np.floor((value + 1) * 10_000 + 1e-6) / 10_000 - 1 for value in (*genuine, *impostor)]
    same, other = np.array(on_grid[: len(genuine)]), np.array(on_grid[len(genuine) :])
    fmr, fnmr = figures.errors_at(Scores.of(genuine, impostor), threshold)
    assert fmr.value == pytest.approx((other >= threshold - 5e-5).mean())
    assert fnmr.value == pytest.approx((same < threshold - 5e-5).mean())


@given(COSINES, COSINES)
def test_the_interval_holds_the_rate_and_the_rates_fall_and_rise(
    genuine: list[float], impostor: list[float]
) -> None:
    scores = Scores.of(genuine, impostor)
    assert (np.diff(scores.fmr) <= 0).all()
    assert (np.diff(scores.fnmr) >= 0).all()
    for rate in figures.errors_at(scores, 0.3):
        assert rate.low <= rate.value <= rate.high


def test_the_equal_error_lies_where_the_kinds_cross() -> None:
    drawn = np.random.default_rng(0)
    scores = Scores.of(drawn.normal(0.6, 0.1, 50_000), drawn.normal(0.0, 0.1, 50_000))
    equal = figures.equal_error(scores)
    assert equal is not None
    assert equal.rate == pytest.approx(0.00135, rel=0.2)  # three deviations to each side
    assert equal.threshold == pytest.approx(0.3, abs=0.01)


def test_without_a_kind_there_is_no_rate_and_no_guess() -> None:
    scores = Scores.of([0.9], [])
    assert figures.equal_error(scores) is None
    assert figures.threshold_for(scores, 1e-3) is None
    assert figures.errors_at(scores, 0.5)[0].value is None


def test_the_threshold_for_a_rate_keeps_the_rate_and_is_the_lowest() -> None:
    scores = Scores.of([0.9], np.linspace(-0.5, 0.4999, 1_000))
    threshold = figures.threshold_for(scores, 1e-2)
    assert threshold is not None
    assert figures.errors_at(scores, threshold)[0].value <= 1e-2
    assert figures.errors_at(scores, threshold - 2e-3)[0].value > 1e-2
    assert figures.provable(scores, 1e-3)
    assert not figures.provable(scores, 1e-4)


def test_none_seen_in_a_hundred_is_not_zero() -> None:
    rate = figures.exact(0, 100)
    assert rate.value == rate.low == 0
    assert rate.high == pytest.approx(1 - 0.025 ** (1 / 100))  # Clopper and Pearson's closed form


def crowd(people: int, pictures: int, spread: float, seed: int = 1) -> tuple[np.ndarray, list[str]]:
    drawn = np.random.default_rng(seed)
    middles = drawn.normal(0, 1, (people, 32)).repeat(pictures, axis=0)
    found = middles + drawn.normal(0, spread, middles.shape)
    names = [f"person {number}" for number in range(people) for _ in range(pictures)]
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32), names


def test_all_with_all_is_every_pair_once(monkeypatch: pytest.MonkeyPatch) -> None:
    embeddings, names = crowd(9, 3, 1.5)
    monkeypatch.setattr(compare, "BLOCK", 4 * 27)  # several blocks, the last one shorter
    found = compare.Crowd.of(embeddings, names)
    scores = found.scores()
    genuine, impostor = [], []
    for first in range(27):
        for second in range(first + 1, 27):
            cosine = float(embeddings[first] @ embeddings[second])
            (genuine if names[first] == names[second] else impostor).append(cosine)
    assert (scores.genuine.sum(), scores.impostor.sum()) == (len(genuine), len(impostor)) == (27, 324)
    fmr, fnmr = found.errors_at(0.1)
    assert fmr.value == pytest.approx(np.mean(np.array(impostor) >= 0.1))
    assert fnmr.value == pytest.approx(np.mean(np.array(genuine) < 0.1))
    assert 0 < fmr.low < fmr.value < fmr.high
    assert 0 < fnmr.low < fnmr.value < fnmr.high


def test_few_people_can_show_little_however_many_pairs_they_make() -> None:
    embeddings, names = crowd(8, 20, 0.05)
    rate, _ = compare.Crowd.of(embeddings, names).errors_at(0.99)
    assert rate.value == 0
    assert rate.trials == 8 * 7 // 2 * 400
    assert rate.high == pytest.approx(1 - 0.05 ** (1 / 4))  # four pairs of strangers, not eleven thousand


def test_pictures_without_a_face_are_left_out() -> None:
    embeddings, names = crowd(4, 2, 0.1)
    embeddings[0] = np.nan
    assert len(compare.Crowd.of(embeddings, names).who) == 7
    listed = compare.of_pairs(embeddings, [Pair(0, 1, True, 0), Pair(2, 3, True, 0), Pair(1, 2, False, 1)])
    assert listed.same.tolist() == [True, False]


def test_accuracy_over_folds_takes_the_threshold_from_the_others() -> None:
    same = np.array([True, True, False, False] * 2)
    folds = np.array([0] * 4 + [1] * 4)
    apart = compare.PairScores(np.float32([0.8, 0.7, 0.1, 0.2, 0.9, 0.6, 0.3, 0.0]), same, folds)
    assert compare.fold_accuracy(apart) == (1.0, 0.0)
    # Each fold alone would be parted without an error; the other's threshold misses one of four.
    lower = compare.PairScores(np.float32([0.9, 0.8, 0.6, 0.2, 0.9, 0.5, 0.1, 0.0]), same, folds)
    assert compare.fold_accuracy(lower) == (0.75, 0.0)
    assert compare.fold_accuracy(compare.PairScores(apart.scores, same, np.zeros(8, int))) is None
