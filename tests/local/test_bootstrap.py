"""The environment is made once, and anew when it was moved or left half-made; without any network here."""

import hashlib
import io
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from local.bootstrap import BootstrapError, Environment, bring

ROOT = Path(__file__).parents[2]


def make_wheel(folder: Path, name: str) -> str:
    """A package in `folder`; returns its line in a lock."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(f"{name}.py", "size = 1\n")
        archive.writestr(
            f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        )
        archive.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    (folder / f"{name}-1.0-py3-none-any.whl").write_bytes(content.getvalue())
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(content.getvalue()).hexdigest()}\n"


def test_an_environment_is_made_once_and_healed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", tmp_path.as_uri())
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    root = tmp_path / "a folder"
    root.mkdir()
    (root / "requirements.lock").write_text(make_wheel(tmp_path, "small"))
    (root / "requirements-installer.lock").write_text("none-such==1 --hash=sha256:" + "0" * 64)
    environment = Environment(root)

    assert bring(root, ["requirements.lock"])  # by pip, since the quick installer cannot be had
    small = [str(environment.python), "-I", "-c", "import small; print(small.size)"]
    assert subprocess.check_output(small, text=True) == "1\n"
    assert not bring(root, ["requirements.lock"])

    environment.unfinished.touch()
    assert not environment.is_usable()
    environment.unfinished.unlink()
    assert environment.is_usable()
    moved = root.rename(tmp_path / "another folder")
    assert not Environment(moved).is_usable()

    lock = moved / "requirements.lock"
    lock.write_text(make_wheel(tmp_path, "other"))
    make_wheel(tmp_path, "changed")
    (tmp_path / "changed-1.0-py3-none-any.whl").replace(tmp_path / "other-1.0-py3-none-any.whl")
    with pytest.raises(BootstrapError, match="DO NOT MATCH THE HASHES"):
        Environment(moved).install(lock)


def test_a_python_without_ensurepip_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    with pytest.raises(BootstrapError, match=r"apt-get install python3\.\d+-venv"):
        Environment(tmp_path).make()
    assert not (tmp_path / ".venv").exists()


def test_the_locks_hold_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    asked = {"requirements.lock": project["project"]["dependencies"]}
    asked["requirements-dev.lock"] = asked["requirements.lock"] + project["dependency-groups"]["dev"]
    asked["requirements-installer.lock"] = project["dependency-groups"]["installer"]
    asked["requirements-npm.lock"] = project["dependency-groups"]["npm"]
    for lock, requirements in asked.items():
        text = (ROOT / lock).read_text()
        assert "http" not in text.replace("httptools", "").replace("httpx", "").replace("httpcore", "")
        locked = {line.partition("==")[0] for line in text.splitlines() if line[:1].isalnum()}
        named = {
            requirement.split(";")[0].split("[")[0].split(">")[0].strip() for requirement in requirements
        }
        assert named <= locked, lock


@pytest.mark.parametrize("target", ["run", "test", "lint", "bench", "soak", "lock", "faces", "help"])
def test_make_help_names_every_command(target: str) -> None:
    page = subprocess.check_output(
        ["make", "-s", "help"], cwd=ROOT, text=True, env={"PATH": os.environ["PATH"]}
    )
    assert f"  make {target} " in page
    assert len(page.splitlines()) < 25
