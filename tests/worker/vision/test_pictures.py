"""Strangers' bytes: what is refused, what is stripped, and what it costs."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tests import pictures as made
from worker.vision.pictures import MAX_SCANS, PictureRefused, Refusal, read_picture

REPOSITORY = Path(__file__).resolve().parents[3]


def encoded(image: Image.Image, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, "JPEG", **options)
    return stream.getvalue()


def opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg))


def with_segment(jpeg: bytes, marker: int, content: bytes) -> bytes:
    return jpeg[:2] + bytes([0xFF, marker]) + (len(content) + 2).to_bytes(2, "big") + content + jpeg[2:]


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (made.png_named_jpg, Refusal.NOT_A_JPEG),
        (made.video_bytes, Refusal.NOT_A_JPEG),
        (lambda: b"", Refusal.NOT_A_JPEG),
        (lambda: b"GIF89a" + bytes(500), Refusal.NOT_A_JPEG),
        (lambda: b"\xff\xd8\xff" + b"\x00\xd9" * 500, Refusal.TRUNCATED),
        (lambda: b"\xff\xd8\xff\xff\xd9" * 100, Refusal.UNREADABLE),
        (lambda: made.truncated(made.portrait(0)), Refusal.TRUNCATED),
        (lambda: made.portrait(0)[:300], Refusal.TRUNCATED),
        (lambda: made.portrait(0)[:-2000], Refusal.TRUNCATED),
        (made.bomb_jpeg, Refusal.TOO_MANY_PIXELS),
        (lambda: made.bomb_jpeg(20_000), Refusal.TOO_MANY_PIXELS),
        (lambda: made.bomb_jpeg(65_500), Refusal.TOO_MANY_PIXELS),
        (lambda: encoded(Image.new("RGB", (159, 700))), Refusal.TOO_SMALL),
        (lambda: made.portrait(0) + bytes(2_000_000), Refusal.TOO_LARGE),
    ],
)
def test_refused(make: Callable[[], bytes], code: Refusal) -> None:
    with pytest.raises(PictureRefused) as refused:
        read_picture(make())
    assert refused.value.code is code


def test_a_bomb_costs_almost_no_memory() -> None:
    """In a process of its own, because the peak of resident memory (VmHWM) cannot be lowered again."""
    program = """
import json, pathlib, re, sys, time, tracemalloc
from worker.vision.pictures import PictureRefused, read_picture
def peak():
    status = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) / 1024
bomb = sys.stdin.buffer.read()
before, start = peak(), time.process_time()
tracemalloc.start()
codes = []
try:
    read_picture(bomb)
except PictureRefused as refused:
    codes.append(refused.code)
print(json.dumps({"codes": codes, "rss": peak() - before, "python": tracemalloc.get_traced_memory()[1] / 1e6,
                  "cpu": time.process_time() - start}))
"""
    run = subprocess.run(
        [sys.executable, "-c", program],
        input=made.bomb_jpeg(),
        stdout=subprocess.PIPE,
        cwd=REPOSITORY,
        check=True,
    )
    cost = json.loads(run.stdout)
    assert cost["codes"] == ["TOO_MANY_PIXELS"]
    assert cost["rss"] < 5
    assert cost["python"] < 1
    assert cost["cpu"] < 0.05


def test_thousands_of_scans_are_refused_before_decoding() -> None:
    """Each scan of a progressive picture is a pass over all its pixels: 2 MB of them would take hours."""
    progressive = encoded(Image.new("RGB", (3000, 3000)), progressive=True)
    scan = progressive[progressive.rindex(b"\xff\xda") : -2]
    start = time.process_time()
    with pytest.raises(PictureRefused) as refused:
        read_picture(progressive[:-2] + scan * 5000 + b"\xff\xd9")
    assert refused.value.code is Refusal.UNREADABLE
    assert time.process_time() - start < 0.5
    assert progressive.count(b"\xff\xda") < MAX_SCANS


def test_a_plain_picture_is_kept_byte_for_byte() -> None:
    jpeg = made.portrait(0)
    picture = read_picture(jpeg)
    assert picture.clean is jpeg
    assert (picture.width, picture.height) == (480, 640)
    assert picture.pixels.shape == (640, 480, 3)
    assert picture.pixels.dtype == np.uint8


@pytest.mark.parametrize(
    ("taken", "decoded"),
    [((1439, 1600), (1439, 1600)), ((1440, 1920), (720, 960)), ((4000, 3000), (1000, 750))],
)
def test_a_large_picture_is_decoded_at_the_scale_that_is_needed(
    taken: tuple[int, int], decoded: tuple[int, int]
) -> None:
    jpeg = encoded(opened(made.portrait(0)).resize(taken), quality=85)
    picture = read_picture(jpeg)
    assert (picture.width, picture.height) == decoded
    assert picture.pixels.shape == (*decoded[::-1], 3)
    assert picture.clean is jpeg
    meant = np.asarray(opened(jpeg).resize(decoded, Image.Resampling.BOX))[..., ::-1]
    assert np.abs(picture.pixels.astype(int) - meant).mean() < 2


def test_a_large_picture_that_is_stripped_is_kept_as_it_was_decoded() -> None:
    jpeg = encoded(opened(made.portrait(0)).resize((2160, 2880)), quality=85, comment=b"of a phone")
    picture = read_picture(jpeg)
    assert opened(picture.clean).size == (picture.width, picture.height) == (1080, 1440)
    again = read_picture(picture.clean)
    assert again.clean is picture.clean
    assert again.pixels.shape == picture.pixels.shape


def test_pixels_are_in_opencv_s_order() -> None:
    picture = read_picture(encoded(Image.new("RGB", (200, 200), (250, 0, 10)), quality=95))
    assert np.abs(picture.pixels[100, 100].astype(int) - [10, 0, 250]).max() < 6


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_colour_models_become_three_channels(mode: str) -> None:
    picture = read_picture(encoded(opened(made.portrait(6)).convert(mode)))
    assert picture.pixels.shape == (640, 480, 3)
    assert opened(picture.clean).size == (480, 640)


def hidden_comment(jpeg: bytes) -> bytes:
    """A comment after the picture's data, before its end."""
    return jpeg[:-2] + b"\xff\xfe\x00\x0ahidden!!" + b"\xff\xd9"


def long_jfif(jpeg: bytes) -> bytes:
    return with_segment(jpeg, 0xE0, b"JFIF\0" + b"hidden!!" * 4)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda jpeg: with_segment(jpeg, 0xFE, b"hidden!!"),
        lambda jpeg: with_segment(jpeg, 0xE2, b"ICC_PROFILE\0hidden!!"),
        lambda jpeg: with_segment(jpeg, 0xED, b"Photoshop 3.0\0hidden!!"),
        lambda jpeg: with_segment(jpeg, 0xDB, (b"\x03" + b"hidden!!" * 8) * 20),
        hidden_comment,
        long_jfif,
        lambda jpeg: jpeg + b"hidden!!",
        lambda jpeg: jpeg + b"hidden!!\xff\xd9",
        lambda jpeg: jpeg + made.portrait(1) + b"hidden!!",
    ],
)
def test_whatever_hides_in_a_jpeg_is_stripped(spoil: Callable[[bytes], bytes]) -> None:
    jpeg = made.portrait(0)
    picture = read_picture(spoil(jpeg))
    assert b"hidden!!" in spoil(jpeg)
    assert b"hidden!!" not in picture.clean
    assert read_picture(picture.clean).clean is picture.clean
    assert np.array_equal(picture.pixels, read_picture(jpeg).pixels)


def test_an_archive_behind_the_picture_is_stripped() -> None:
    both = made.polyglot(made.portrait(0))
    assert zipfile.is_zipfile(io.BytesIO(both))
    clean = read_picture(both).clean
    assert not zipfile.is_zipfile(io.BytesIO(clean))
    assert b"payload" not in clean


def test_the_position_is_stripped() -> None:
    tagged = made.with_gps_exif(made.portrait(0))
    assert opened(tagged).getexif().get_ifd(0x8825)
    clean = read_picture(tagged).clean
    assert not opened(clean).getexif()
    assert b"Exif" not in clean


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_before_it_is_stripped(orientation: int) -> None:
    upright = opened(made.portrait(6))
    as_stored = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright if as_stored is None else upright.transpose(as_stored)
    picture = read_picture(made.with_gps_exif(encoded(stored, quality=95), orientation))
    assert (picture.width, picture.height) == (480, 640)
    difference = picture.pixels[..., ::-1].astype(int) - np.asarray(upright)
    assert np.abs(difference).mean() < 4
    assert opened(picture.clean).size == (480, 640)


def test_malformed_exif_is_stripped_like_any_other() -> None:
    picture = read_picture(with_segment(made.portrait(0), 0xE1, b"Exif\0\0II*\0" + b"\xff" * 40))
    assert b"Exif" not in picture.clean


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_damage_is_refused_or_read_but_never_a_surprise(data: st.DataObject) -> None:
    jpeg = bytearray(made.portrait(1))
    for _ in range(data.draw(st.integers(1, 8))):
        # Half of the damage goes into the headers, where it matters most.
        where = data.draw(st.one_of(st.integers(0, 700), st.integers(0, len(jpeg) - 1)))
        jpeg[where] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(jpeg)), st.integers(0, len(jpeg))))
    try:
        picture = read_picture(bytes(jpeg[:cut]))
    except PictureRefused:
        return
    assert read_picture(picture.clean).clean is picture.clean
