"""The scripts of others that our pages use, made from their packages into web/static/vendor."""

import os
import re
import tarfile
from pathlib import Path

from local.npm import Package, fetch

#: One file: as several deferred ones, htmx may start before its extension is there.
HTMX_PARTS = ("package/dist/htmx.min.js", "package/dist/ext/hx-sse.min.js")
_SOURCE_MAP = re.compile(rb"\n?//# sourceMappingURL=\S+\s*$")


def build_htmx(package: Package, downloads: Path, vendor: Path) -> Path:
    """htmx.js (htmx and its SSE extension) and its licence; does nothing when this version is there."""
    target = vendor / "htmx.js"
    names = ", ".join(name.rpartition("/")[2] for name in HTMX_PARTS)
    heading = f"/* {package.spec}: {names}; licence in htmx.LICENSE.txt */\n".encode()
    if target.exists() and target.read_bytes().startswith(heading):
        return target
    with tarfile.open(fetch(package, downloads)) as archive:
        parts = [_SOURCE_MAP.sub(b"", _read(archive, name)).rstrip() for name in HTMX_PARTS]
        licence = _read(archive, "package/LICENSE")
    vendor.mkdir(parents=True, exist_ok=True)
    _write(vendor / "htmx.LICENSE.txt", licence)
    _write(target, heading + b"\n".join([*parts, b""]))
    return target


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file.read()


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.write_bytes(content)
    os.replace(fresh, path)
