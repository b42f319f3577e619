"""A photograph as it is shown: small, upright, bare, and with words in it that leave the face to be seen."""

import io
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from api.core.marks import LARGE, MAX_PIXELS, SMALL, NoPicture, marked
from tests import pictures as made

WORDS = "Budi Santoso, S.Kom. · 22-11-2026 07:31 WIB"


def opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg))


def pixels(jpeg: bytes) -> np.ndarray:
    return np.asarray(opened(jpeg).convert("L"), np.int16)


def plain(jpeg: bytes, size: tuple[int, int]) -> np.ndarray:
    """Shrunk in the same way, without words."""
    return pixels(marked(jpeg, max(size), ""))


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("longest", [SMALL, LARGE])
def test_it_is_small_upright_and_bare(turned: bool, longest: int) -> None:
    jpeg = made.with_gps_exif(made.portrait(0), 6) if turned else made.portrait(0)
    shown = marked(jpeg, longest, WORDS)
    assert max(opened(shown).size) == min(longest, 640)
    assert (opened(shown).width > opened(shown).height) == turned
    assert not opened(shown).getexif()
    assert not any(mark in shown for mark in (b"Exif", b"GPS"))


@pytest.mark.parametrize("longest", [SMALL, LARGE])
def test_words_are_in_every_part_and_leave_the_picture_to_be_seen(longest: int) -> None:
    shown = pixels(marked(made.portrait(0), longest, WORDS))
    difference = np.abs(shown - plain(made.portrait(0), shown.shape))
    height, width = (side // 4 for side in shown.shape)
    for top in range(4):
        for left in range(4):
            part = difference[top * height : (top + 1) * height, left * width : (left + 1) * width]
            assert (part > 20).mean() > 0.005, (top, left)
    assert (difference > 20).mean() < 0.35, "most of the picture is as it was"
    assert np.corrcoef(shown.ravel(), plain(made.portrait(0), shown.shape).ravel())[0, 1] > 0.9


def test_other_words_are_other_pixels() -> None:
    one, other = (marked(made.portrait(0), SMALL, words) for words in (WORDS, WORDS.replace("Budi", "Siti")))
    assert (np.abs(pixels(one) - pixels(other)) > 20).mean() > 0.005


def test_a_name_in_any_writing_and_of_any_length_is_drawn() -> None:
    for words in ("", "é ñ 王 \N{ZERO WIDTH JOINER}", "A" * 260, "two\nlines"):
        assert max(opened(marked(made.portrait(1), SMALL, words)).size) == SMALL


def test_no_picture_is_opened_that_is_too_large_or_none() -> None:
    side = int(MAX_PIXELS**0.5) + 8
    bomb = io.BytesIO()
    Image.new("L", (side, side)).save(bomb, "JPEG")
    stream = io.BytesIO()
    Image.new("RGB", (20, 20)).save(stream, "PNG")
    for data in (bomb.getvalue(), stream.getvalue(), b"", b"\xff\xd8\xff\xe0 no picture \xff\xd9",
                 made.portrait(0)[:4000], made.portrait(0) + b"\xff\xda" * 40):  # fmt: skip
        with pytest.raises(NoPicture):
            marked(data, SMALL, WORDS)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damage_is_refused_or_shown_but_never_a_surprise(data: st.DataObject) -> None:
    jpeg = bytearray(made.portrait(1))
    for _ in range(data.draw(st.integers(1, 8))):
        where = data.draw(st.one_of(st.integers(0, 700), st.integers(0, len(jpeg) - 1)))
        jpeg[where] = data.draw(st.integers(0, 255))
    try:
        marked(bytes(jpeg), SMALL, WORDS)
    except NoPicture:
        return


def test_pillow_is_loaded_with_the_first_look_only() -> None:
    program = "import sys; import api.app, api.files; print([name for name in sys.modules if name.startswith('PIL')])"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[]"
