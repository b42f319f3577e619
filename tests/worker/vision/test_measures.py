import cv2
import numpy as np
import pytest

from worker.vision import measures

BOX = (100.0, 100.0, 200.0, 220.0)


def checkerboard(step: int) -> measures.Pixels:
    rows, columns = np.mgrid[0:320, 0:320]
    return np.repeat((255 * ((rows // step + columns // step) % 2))[..., None], 3, 2).astype(np.uint8)


def test_blur_lowers_sharpness() -> None:
    sharp = checkerboard(8)
    values = [
        measures.sharpness(measures.grey_face(cv2.GaussianBlur(sharp, (0, 0), sigma), BOX))
        for sigma in (0.5, 2, 4, 8)
    ]
    assert values == sorted(values, reverse=True)
    assert values[0] > 20 * values[-1]


def test_sharpness_of_an_even_face_is_zero() -> None:
    assert measures.sharpness(np.full((112, 112), 90, np.uint8)) == 0


def test_sharpness_hardly_depends_on_how_near_the_face_is() -> None:
    near = cv2.GaussianBlur(checkerboard(16), (0, 0), 4)
    far = cv2.resize(near, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    there = measures.sharpness(measures.grey_face(near, (0, 0, 320, 320)))
    here = measures.sharpness(measures.grey_face(far, (0, 0, 160, 160)))
    assert here == pytest.approx(there, rel=0.25)


def test_brightness_looks_at_the_face_only() -> None:
    pixels = np.full((320, 320, 3), 255, np.uint8)
    pixels[100:220, 100:200] = 40
    assert measures.brightness(measures.grey_face(pixels, BOX)) == 40


@pytest.mark.parametrize(
    "box", [(-50, -50, 20, 20), (300, 300, 400, 400), (-10, -10, -5, -5), (330, 0, 340, 5)]
)
def test_a_face_beyond_the_edge_is_still_measured(box: measures.Box) -> None:
    assert measures.grey_face(checkerboard(8), box).shape == (112, 112)


def test_the_shorter_side_is_the_face_s_size() -> None:
    assert measures.face_size(BOX) == 100


@pytest.mark.parametrize(
    ("box", "room"),
    [
        ((100, 100, 200, 220), 1.0),
        ((50, 100, 150, 220), 0.5),
        ((0, 100, 100, 220), 0.0),
        ((100, -20, 200, 100), -0.2),
        ((220, 100, 320, 220), 0.0),
        ((100, 260, 200, 400), 0.2 * 0),
    ],
)
def test_room_is_the_smallest_margin_in_faces(box: measures.Box, room: float) -> None:
    assert measures.room(box, 320, 400) == pytest.approx(room)


def test_similarity_is_the_cosine() -> None:
    a, b = np.array([3, 4], np.float32), np.array([-4, 3], np.float32)
    assert measures.similarity(a, a * 7) == pytest.approx(1)
    assert measures.similarity(a, b) == pytest.approx(0)
    assert measures.similarity(a, -a) == pytest.approx(-1)
