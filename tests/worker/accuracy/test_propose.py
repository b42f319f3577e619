"""The proposed threshold keeps its promise, and does not promise what few people cannot show."""

import numpy as np
import pytest

from worker.accuracy import propose as proposing
from worker.accuracy.figures import threshold_for
from worker.accuracy.propose import TooFew, propose


def staff(people: int, pictures: int = 3, alike: float = 0.0) -> tuple[np.ndarray, list[str]]:
    """Embeddings; `alike` adds a direction that everybody shares, as families and one camera do."""
    drawn = np.random.default_rng(people)
    middles = drawn.normal(0, 1, (people, 64)) + alike
    found = middles.repeat(pictures, axis=0)
    found = found + drawn.normal(0, 0.5, found.shape)
    names = [f"{number}" for number in range(people) for _ in range(pictures)]
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32), names


def test_with_strangers_enough_the_target_holds_and_no_lower_threshold_would() -> None:
    found = propose(*staff(120, alike=0.6), target=1e-3, at_least=0.45)
    assert found.provable
    assert found.fmr.value is not None
    assert found.fmr.value <= 1e-3
    least = threshold_for(found.scores, 1e-3)
    assert least is not None
    assert least <= found.threshold < least + 1e-3
    assert found.threshold != 0.45


def test_few_people_do_not_lower_what_is_in_use() -> None:
    embeddings, names = staff(5)
    found = propose(embeddings, names, target=1e-4, at_least=0.45)
    assert not found.provable
    assert found.threshold == 0.45
    assert found.fmr.high == pytest.approx(1 - 0.05 ** (1 / 2))


def test_few_people_who_are_alike_raise_it() -> None:
    found = propose(*staff(5, alike=2.0), target=1e-4, at_least=0.45)
    assert found.threshold > 0.45
    assert found.fmr.value == 0


def test_of_very_many_people_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "MOST_PEOPLE", 20)
    found = propose(*staff(60), target=1e-2, at_least=0.45)
    assert found.people == 20
    assert found.fnmr.trials == 20 * 3  # all pictures of those drawn: three pairs each
    assert found.threshold == propose(*staff(60), target=1e-2, at_least=0.45).threshold


@pytest.mark.parametrize("people", [0, 1])
def test_without_strangers_nothing_is_proposed(people: int) -> None:
    embeddings = np.ones((people, 8), np.float32)
    with pytest.raises(TooFew):
        propose(embeddings, ["one"] * people, target=1e-4, at_least=0.45)
