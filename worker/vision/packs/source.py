"""The npm package that the default pack is made from; see docs/model-card.md for what is known of it."""

from __future__ import annotations

import tarfile
from pathlib import Path

from worker.vision.packs.errors import PackBroken, PackMissing
from worker.vision.packs.manifest import sha256_of

PACKAGE = "faceplugin-face-recognition-js"
VERSION = "0.0.1"
SHA256 = "7ea06031d9a3f83753254fcff60506a07b81b46fc84d4ee024cd041f260ec1ba"
#: What the package's own package.json and LICENSE state.
DECLARED_LICENSE = "MIT"

#: The model files that are used, by stage; the package carries others (age, gender, expression), which Hadir
#: leaves alone on purpose.
MODELS = {
    "detection": "package/model/fr_detect.onnx",
    "landmarks": "package/model/fr_landmark.onnx",
    "recognition": "package/model/fr_feature.onnx",
    "liveness": "package/model/fr_liveness.onnx",
    "eye": "package/model/fr_eye.onnx",
    "pose": "package/model/fr_pose.onnx",
}
LICENSE_TEXT = "package/LICENSE"


def read_package(tarball: Path) -> dict[str, bytes]:
    """The model files by stage, and the package's licence text under "license".

    Members are read by name into memory; nothing is unpacked to paths that the archive chooses.
    Raises PackMissing without the file, PackBroken when it is not the one version that was examined.
    """
    if not tarball.is_file():
        raise PackMissing(tarball)
    if sha256_of(tarball) != SHA256:
        raise PackBroken(tarball, f"it is not {PACKAGE} {VERSION} (its SHA-256 differs)")
    wanted = {name: stage for stage, name in [*MODELS.items(), ("license", LICENSE_TEXT)]}
    found: dict[str, bytes] = {}
    with tarfile.open(tarball, "r:gz") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name in wanted else None
            if stream is not None:
                found[wanted[member.name]] = stream.read()
    return found
