"""A sealed box opens for its owner, whole, under a key of the ring, and in no other case."""

import os
from base64 import b64encode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from api.core.crypto import MAGIC, BoxBroken, Keyring, is_sealed, key_id_of
from api.core.settings_checks import parse_keys

OLD, NEW = os.urandom(32), os.urandom(32)
RING = Keyring({"new": NEW, "old": OLD})


@given(st.binary(max_size=2_000), st.text(max_size=50))
def test_what_was_sealed_opens_for_its_owner(plain: bytes, owner: str) -> None:
    sealed = RING.seal(plain, belongs_to=owner)
    assert is_sealed(sealed)
    assert key_id_of(sealed) == "new"
    assert RING.open(sealed, belongs_to=owner) == plain
    assert len(plain) < 8 or plain not in sealed


@given(st.binary(min_size=1, max_size=200), st.text(max_size=50), st.text(max_size=50))
def test_it_opens_for_nobody_else(plain: bytes, owner: str, other: str) -> None:
    assume(owner != other)
    with pytest.raises(BoxBroken):
        RING.open(RING.seal(plain, belongs_to=owner), belongs_to=other)


@given(st.data())
def test_no_bit_of_it_can_be_changed(data: st.DataObject) -> None:
    sealed = bytearray(RING.seal(b"a template", belongs_to="a person"))
    position = data.draw(st.integers(0, len(sealed) - 1))
    sealed[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(BoxBroken):
        RING.open(bytes(sealed), belongs_to="a person")


@given(st.integers(0, 60))
def test_no_part_of_it_is_enough(length: int) -> None:
    sealed = RING.seal(b"a template", belongs_to="a person")
    assume(length < len(sealed))
    with pytest.raises(BoxBroken):
        RING.open(sealed[:length], belongs_to="a person")


@given(st.binary(max_size=100))
def test_what_is_no_box_does_not_open(rubbish: bytes) -> None:
    for data in (rubbish, MAGIC + rubbish):
        with pytest.raises(BoxBroken):
            RING.open(data, belongs_to="a person")


def test_no_two_boxes_are_alike() -> None:
    assert len({RING.seal(b"the same", belongs_to="the same") for _ in range(200)}) == 200


def test_a_ring_without_the_key_does_not_open() -> None:
    sealed = Keyring({"old": OLD}).seal(b"a template", belongs_to="a person")
    assert RING.open(sealed, belongs_to="a person") == b"a template"
    for ring in (Keyring({"new": NEW}), Keyring({"old": NEW}), Keyring({"new": OLD})):
        with pytest.raises(BoxBroken):
            ring.open(sealed, belongs_to="a person")


@given(st.text(max_size=100), st.text(max_size=100))
def test_a_signature_is_of_one_message_and_one_ring(message: str, other: str) -> None:
    signature = RING.sign(message)
    assert RING.verify(message, signature)
    assert RING.verify(message, Keyring({"old": OLD}).sign(message)), (
        "an older key's holds until it leaves the ring"
    )
    assert not Keyring({"old": OLD}).verify(message, signature)
    assert message == other or not RING.verify(other, signature)
    for wrong in (signature[:-1], signature.upper() + "x", "", "é", other):
        assert not RING.verify(message, wrong)


def test_purposes_share_no_key() -> None:
    assert len({RING.secret(b"web"), RING.secret(b"seal"), RING.secret(b"sign"), NEW}) == 4


GOOD = b64encode(bytes(range(32))).decode()


@pytest.mark.parametrize(
    "entry", ["k1", "k1:", "k1:c2hvcnQ=", f":{GOOD}", f"k-1:{GOOD}", f"{'x' * 17}:{GOOD}", "k1:" + "!" * 44]
)
def test_a_malformed_key_is_refused_and_not_repeated(entry: str) -> None:
    with pytest.raises(ValueError, match="entry 1") as refused:
        parse_keys(entry)
    assert GOOD not in str(refused.value)


def test_an_empty_ring_is_none() -> None:
    with pytest.raises(ValueError, match="no key"):
        Keyring({})
