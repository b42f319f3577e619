"""Our scripts and styles, held in memory, compressed once, and named by their content."""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

FOLDER = Path(__file__).parent / "static"
_TEXT = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
_IMPORT = re.compile(r'(from\s+|import\s+|import\()"\./([\w-]+\.js)"')
_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    body: bytes
    packed: bytes
    media_type: str
    version: str


class Assets:
    """`url` gives an address that changes with the content, also with that of the modules it imports."""

    def __init__(self, folder: Path = FOLDER) -> None:
        if not (folder / "vendor" / "htmx.js").exists():
            raise FileNotFoundError("web/static/vendor/htmx.js is not there yet: run `make setup` first.")
        self._folder = folder
        self._assets: dict[str, Asset] = {}
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.name.startswith("."):
                self._load(path.relative_to(folder).as_posix())

    def url(self, name: str) -> str:
        return f"/static/{name}?v={self._assets[name].version}"

    async def serve(self, request: Request) -> Response:
        asset = self._assets.get(request.path_params["name"])
        if asset is None:
            raise HTTPException(404)
        named = request.query_params.get("v") == asset.version
        head = {
            "Cache-Control": _FOREVER if named else "no-cache",
            "ETag": f'"{asset.version}"',
            "Vary": "Accept-Encoding",
        }
        if request.headers.get("if-none-match") == head["ETag"]:
            return Response(status_code=304, headers=head)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(
                asset.packed, headers={**head, "Content-Encoding": "gzip"}, media_type=asset.media_type
            )
        return Response(asset.body, headers=head, media_type=asset.media_type)

    def _load(self, name: str) -> Asset:
        if name in self._assets:
            return self._assets[name]
        path = self._folder / name
        body = path.read_bytes()
        if path.suffix == ".js" and path.parent == self._folder:
            body = _IMPORT.sub(self._versioned_import, body.decode()).encode()
        media_type = _TEXT.get(path.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
        asset = Asset(
            body, gzip.compress(body, 9, mtime=0), media_type, hashlib.sha256(body).hexdigest()[:12]
        )
        self._assets[name] = asset
        return asset

    def _versioned_import(self, match: re.Match[str]) -> str:
        return f'{match.group(1)}"./{match.group(2)}?v={self._load(match.group(2)).version}"'
