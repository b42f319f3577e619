"""Sets on disk become cards, through the real models and the real command."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests import pictures
from worker.accuracy.errors import SetRefused
from worker.accuracy.sets import read_attacks, read_faces

ROOT = Path(__file__).parents[3]


def save(path: Path, jpeg: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(jpeg)


@pytest.fixture
def lfw(tmp_path: Path) -> Path:
    for person in (0, 1):
        for number, jpeg in enumerate((pictures.portrait(person), pictures.second_portrait(person)), start=1):
            save(tmp_path / f"P_{person}" / f"P_{person}_{number:04d}.jpg", jpeg)
    lines = ["2\t1", "P_0\t1\t2", "P_0\t1\tP_1\t1", "P_1\t1\t2", "P_0\t2\tP_1\t2"]
    (tmp_path / "pairs.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def evaluate(*arguments: object) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, str(ROOT / "hadir.py"), "faces", "evaluate", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_pairs_of_lfw(lfw: Path, tmp_path: Path) -> None:
    found = read_faces(lfw)
    assert found is not None
    assert len(found.pictures) == 4
    assert [(pair.same, pair.fold) for pair in found.pairs] == [(True, 0), (False, 0), (True, 1), (False, 1)]
    done = evaluate(lfw, "--out", tmp_path / "card")
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "card" / "card.json").read_text())
    assert told["matching"]["scores"] == {"genuine": 2, "impostor": 2}
    assert told["matching"]["accuracy"] == [1.0, 0.0]
    assert told["attacks"] is None


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "line 1"),
        (["ten"], "line 1"),
        (["1\t1"], "no pairs"),
        (["1\t1", "P_0\t1"], "line 2: expected three or four"),
        (["1\t1", "P_0\t1\t9"], "P_0_0009.jpg is missing"),
        (["1\t1", "../P_0\t1\t2"], "names no picture"),
        (["1\t1", "P_0\tx\t2"], "names no picture"),
    ],
)
def test_pairs_that_cannot_be_read_are_named(lfw: Path, lines: list[str], said: str) -> None:
    (lfw / "pairs.txt").write_text("\n".join(lines))
    with pytest.raises(SetRefused, match=said):
        read_faces(lfw)


def test_people_groups_and_attacks_on_one_card(tmp_path: Path) -> None:
    for person in range(pictures.PEOPLE):
        portrait = pictures.portrait(person)
        save(tmp_path / "set" / f"person {person}" / "a.jpg", portrait)
        save(tmp_path / "set" / f"person {person}" / "b.jpg", pictures.second_portrait(person))
        save(tmp_path / "set/live" / f"{person}.jpg", portrait)
        save(tmp_path / "set/attack/print" / f"{person}.jpg", pictures.printed_page(portrait))
    save(tmp_path / "set/attack/print/none.jpg", pictures.no_face())
    save(tmp_path / "set/person 0/none.jpg", pictures.no_face())
    save(tmp_path / "set/person 1/broken.jpg", b"no picture")
    groups = tmp_path / "groups.csv"
    groups.write_text(
        "person,group\n" + "".join(f"person {n},{'even' if n % 2 == 0 else 'odd'}\n" for n in range(7))
    )
    done = evaluate(tmp_path / "set", "--groups", groups, "--out", tmp_path / "card")
    assert done.returncode == 0, done.stderr
    told = json.loads((tmp_path / "card/card.json").read_text())
    matching, (printed,) = told["matching"], told["attacks"]["kinds"]
    assert (matching["pictures"], matching["people"]) == (16, 7)
    assert matching["failed"]["value"] == 2 / 16
    assert matching["scores"] == {"genuine": 7, "impostor": 14 * 13 // 2 - 7}
    assert [(each["name"], each["people"]) for each in matching["groups"]] == [("even", 4), ("odd", 3)]
    in_use = matching["points"][0]
    assert (in_use["why"], in_use["fnmr"]["value"], in_use["fmr"]["value"]) == ("in use", 0, 0)
    assert [point["provable"] for point in matching["points"][1:]] == [False, False, False]
    assert (printed["kind"], printed["pictures"], printed["without_face"]) == ("print", 8, 1)
    assert printed["passed"]["value"] == 0
    assert told["attacks"]["refused"]["value"] == 0
    words = (tmp_path / "card/card.md").read_text()
    assert "more than this set can show" in words
    for name in ("det.svg", "scores.svg", "liveness.svg"):
        assert f"({name})" in words
        drawn = ElementTree.parse(tmp_path / "card" / name)
        assert not [each for each in drawn.iter() if each.tag.endswith("script")]


def test_a_folder_without_a_set_says_what_one_looks_like(tmp_path: Path) -> None:
    done = evaluate(tmp_path)
    assert done.returncode != 0
    assert "attack/<kind>/" in done.stderr
    assert "Traceback" not in done.stderr


def test_half_an_attack_set_is_refused(tmp_path: Path) -> None:
    save(tmp_path / "live/a.jpg", pictures.portrait(0))
    with pytest.raises(SetRefused, match="attack/<kind>/"):
        read_attacks(tmp_path)


@pytest.mark.parametrize("content", ["name,group\nx,y\n", "person,group\nstranger,a\n", ""])
def test_groups_that_name_nobody_are_refused(lfw: Path, content: str) -> None:
    groups = lfw / "groups.csv"
    groups.write_text(content)
    with pytest.raises(SetRefused, match=r"groups\.csv"):
        read_faces(lfw, groups)
