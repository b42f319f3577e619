"""insightface's manifest.json version 2, with the parts that insightface ignores and Hadir adds."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from worker.vision.packs.errors import PackBroken, PackMissing

MANIFEST = "manifest.json"
#: insightface demands this name for the file that `license` points to.
LICENSE_FILE = "MODEL.LICENSE"


class Preprocessing(BaseModel):
    """(x − mean) / std over 0–255 RGB."""

    mean: float
    std: float


class ModelFile(BaseModel):
    """One ONNX file, relative to the pack's directory."""

    model_config = ConfigDict(extra="allow")

    file: str
    sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")


class DetectionTask(ModelFile):
    preprocessing: Preprocessing | Literal["embedded"] = Preprocessing(mean=127.5, std=128.0)


class RecognitionTask(ModelFile):
    preprocessing: Preprocessing | Literal["embedded"] = Preprocessing(mean=127.5, std=127.5)
    input_size: tuple[int, int] = (112, 112)
    embedding_dimension: int = 512


class Tasks(BaseModel):
    detection: DetectionTask
    recognition: RecognitionTask


class Extras(BaseModel):
    """Models beside detection and recognition; in a subfolder, where insightface does not look."""

    liveness: ModelFile | None = None
    eye: ModelFile | None = None
    pose: ModelFile | None = None


class Manifest(BaseModel):
    """`extras` is Hadir's; a licensed pack has none."""

    manifest_version: Literal[2]
    model_id: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")
    display_name: str | None = None
    license: str
    tasks: Tasks
    extras: Extras = Extras()

    def files(self) -> list[ModelFile]:
        extras = (self.extras.liveness, self.extras.eye, self.extras.pose)
        return [self.tasks.detection, self.tasks.recognition, *(extra for extra in extras if extra)]


def read_manifest(pack: Path) -> Manifest | None:
    """The manifest, or None for a licensed pack of the older kind, which is just a folder of .onnx files.

    Raises PackMissing without such a folder or with nothing in it, PackBroken on a malformed manifest.
    """
    if not pack.is_dir():
        raise PackMissing(pack)
    path = pack / MANIFEST
    if not path.is_file():
        if not any(pack.glob("*.onnx")):
            raise PackMissing(pack)
        return None
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "JSON"
        raise PackBroken(pack, f"its {MANIFEST} is malformed ({place}: {first['msg']})") from error


def verify_pack(pack: Path) -> Manifest | None:
    """Compare every model file with the hash that the manifest states.

    Raises PackMissing or PackBroken; a folder without manifest states no hashes and gives None.
    """
    manifest = read_manifest(pack)
    for model in manifest.files() if manifest else []:
        _verify_file(pack, model)
    return manifest


def _verify_file(pack: Path, model: ModelFile) -> None:
    path = (pack / model.file).resolve()
    if not path.is_relative_to(pack.resolve()):
        raise PackBroken(pack, f"{model.file} lies outside the pack")
    if not path.is_file():
        raise PackBroken(pack, f"{model.file} is missing")
    if model.sha256 is not None and sha256_of(path) != model.sha256:
        raise PackBroken(pack, f"{model.file} is not the file that the manifest names (its SHA-256 differs)")


def sha256_of(path: Path) -> str:
    """Lower-case hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
