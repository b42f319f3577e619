"""Turned vectors keep every cosine, and show nothing else to whoever lacks the key."""

import os
import struct
from uuid import UUID, uuid4

import numpy as np
import pytest

from api.biometrics.turned import turned
from api.core.crypto import Keyring
from tests.world import vector

KEYS = Keyring({"k1": bytes(range(32))})
AGENCY = uuid4()


def embeddings(count: int, size: int = 512) -> list[bytes]:
    rng = np.random.default_rng(7)
    drawn = rng.standard_normal((count, size)).astype("<f4")
    return [row.tobytes() for row in drawn / np.linalg.norm(drawn, axis=1, keepdims=True)]


@pytest.mark.parametrize("size", [128, 512])
def test_cosines_are_kept(size: int) -> None:
    given = embeddings(20, size)
    plain = np.stack([np.frombuffer(row, "<f4") for row in given])
    found = np.array(turned(KEYS, AGENCY, "m", given))
    assert np.allclose(found @ found.T, plain @ plain.T, atol=1e-5)
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)


def test_what_is_stored_is_not_the_template() -> None:
    """Nor near it: a turned vector and its own embedding are as strange to each other as any two."""
    given = embeddings(200)
    plain = np.stack([np.frombuffer(row, "<f4") for row in given])
    found = np.array(turned(KEYS, AGENCY, "m", given))
    assert np.abs((plain * found).sum(axis=1)).max() < 0.25


@pytest.mark.parametrize(
    ("keys", "agency", "model"),
    [
        (Keyring({"k1": os.urandom(32)}), AGENCY, "m"),
        (Keyring({"k2": os.urandom(32), **KEYS.keys}), AGENCY, "m"),
        (KEYS, uuid4(), "m"),
        (KEYS, AGENCY, "another"),
    ],
    ids=["other key", "newer key", "other agency", "other model"],
)
def test_another_key_agency_or_model_turns_another_way(keys: Keyring, agency: UUID, model: str) -> None:
    given = embeddings(50)
    ours = np.array(turned(KEYS, AGENCY, "m", given))
    theirs = np.array(turned(keys, agency, model, given))
    assert np.abs((ours * theirs).sum(axis=1)).max() < 0.3


def test_the_same_key_turns_the_same_way_for_ever() -> None:
    """What was stored must be found by every later version: these are numbers of the first."""
    (found,) = turned(KEYS, UUID(int=1), "m", [vector("somebody")])
    assert np.allclose(found[:4], [-0.0256097, -0.0020956, -0.0067223, 0.025005], atol=1e-6)


@pytest.mark.parametrize(
    "bad", [bytes(2048), struct.pack("<512f", *[float("nan")] * 512)], ids=["zero", "nan"]
)
def test_what_is_no_direction_is_refused(bad: bytes) -> None:
    with pytest.raises(ValueError, match="length"):
        turned(KEYS, AGENCY, "m", [*embeddings(1), bad])


def test_nothing_to_turn() -> None:
    assert turned(KEYS, AGENCY, "m", []) == []
