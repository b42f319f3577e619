"""The commands that need no server: what they print, and how they refuse."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.core.settings import Settings, setting_name

ROOT = Path(__file__).parents[2]


def hadir(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(ROOT / "hadir.py"), *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_settings_are_listed_without_secrets(tmp_path: Path) -> None:
    done = hadir(tmp_path, "settings", DATABASE_URL="postgresql://me:sesame@db/hadir", HADIR_PORT="8123")
    assert done.returncode == 0, done.stderr
    assert "sesame" not in done.stdout
    assert "8123" in done.stdout
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        setting_name(field) for field in Settings.model_fields
    ]


@pytest.mark.parametrize("command", ["up", "web", "worker", "migrate", "settings"])
def test_an_unknown_setting_is_one_sentence(tmp_path: Path, command: str) -> None:
    done = hadir(tmp_path, command, HADIR_COLOUR="blue")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "hadir: HADIR_COLOUR is not a setting of Hadir. See .env.example for the list.\n"


@pytest.mark.parametrize("command", ["web", "worker"])
def test_a_process_without_servers_says_what_to_set(tmp_path: Path, command: str) -> None:
    done = hadir(tmp_path, command)
    assert done.returncode == 2
    assert "DATABASE_URL and REDIS_URL must be set" in done.stderr
    assert "Traceback" not in done.stderr


def test_keys_are_made_once_and_never_shown(tmp_path: Path) -> None:
    first = hadir(tmp_path, "keys", "show")
    ring = (tmp_path / ".data" / "keys.env").read_text()
    assert first.stdout == "k1  seals\n"
    assert ring.startswith("HADIR_KEYS=k1:")
    assert (tmp_path / ".data" / "keys.env").stat().st_mode & 0o077 == 0
    hadir(tmp_path, "keys", "show")
    assert (tmp_path / ".data" / "keys.env").read_text() == ring


def test_a_missing_face_pack_is_one_sentence(tmp_path: Path) -> None:
    done = hadir(tmp_path, "faces", "pack", "show", HADIR_FACE_PACK=str(tmp_path / "none"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert str(tmp_path / "none") in done.stderr
