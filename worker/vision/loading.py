"""Opens the models of a verified pack; importing this imports insightface."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
from insightface.addons import Liveness, ensure_addon
from insightface.app import FaceAnalysis

from worker.vision.eyes import EyeModel
from worker.vision.insight import InsightEngine
from worker.vision.liveness import AlignedLiveness, CropLiveness, LivenessModel
from worker.vision.packs.errors import PackBroken
from worker.vision.packs.manifest import Manifest, sha256_of
from worker.vision.pose import PoseModel
from worker.vision.sessions import PROVIDERS, open_session, session_options

#: Faces the detector is less sure of are not reported; the default detector's own graph cuts at 0.5.
MIN_DETECTION_SCORE = 0.6
#: For licensed detectors, which take any size; insightface's default would run them at two sizes.
DETECTION_SIZE = (640, 640)
_HASH_SHOWN = 8


def open_pack(pack: Path, manifest: Manifest | None) -> InsightEngine:
    """The engine over the pack at an absolute path; raises PackBroken."""
    cv2.setNumThreads(1)
    analysis = _analysis(pack)
    try:
        return InsightEngine(
            analysis,
            _model_id(pack, manifest, Path(analysis.models["recognition"].model_file)),
            _own_liveness(pack, manifest) or _licensed_liveness(pack),
            _pose(pack, manifest),
            _eyes(pack, manifest),
        )
    except PackBroken:
        raise
    except Exception as error:
        raise _unusable(pack, error) from error


def _analysis(pack: Path) -> Any:
    try:
        analysis = FaceAnalysis(
            name=str(pack),
            allowed_modules=["detection", "recognition"],
            providers=PROVIDERS,
            sess_options=session_options(),
        )
    except Exception as error:
        raise _unusable(pack, error) from error
    if set(analysis.models) != {"detection", "recognition"}:
        raise PackBroken(pack, "it needs a detector and a recogniser")
    if not analysis.models["detection"].use_kps:
        raise PackBroken(pack, "its detector gives no landmarks")
    analysis.prepare(ctx_id=0, det_thresh=MIN_DETECTION_SCORE, det_size=DETECTION_SIZE)
    return analysis


def _unusable(pack: Path, error: Exception) -> PackBroken:
    """onnxruntime and insightface raise what they like on a bad file; the pack is unusable anyway."""
    return PackBroken(pack, f"its models do not load ({type(error).__name__}: {error})")


def _model_id(pack: Path, manifest: Manifest | None, recogniser: Path) -> str:
    """The recogniser's hash decides, since templates are its work; the detector is in the pack's name."""
    name = manifest.model_id if manifest else pack.name
    return f"{name}@{_short_hash(recogniser)}"


def _own_liveness(pack: Path, manifest: Manifest | None) -> LivenessModel | None:
    own = manifest.extras.liveness if manifest else None
    if own is None:
        return None
    return CropLiveness(open_session(pack / own.file), f"silent-face-128@{_short_hash(pack / own.file)}")


def _licensed_liveness(pack: Path) -> LivenessModel | None:
    root = pack.parent.parent
    try:
        path = ensure_addon("liveness", root=root, download=False)
    except FileNotFoundError:
        return None
    except RuntimeError as error:
        raise PackBroken(root / "addons", "its liveness.onnx is not the one insightface publishes") from error
    addon = Liveness(path, providers=PROVIDERS, sess_options=session_options())
    return AlignedLiveness(addon, f"insightface-liveness@{_short_hash(path)}")


def _pose(pack: Path, manifest: Manifest | None) -> PoseModel | None:
    own = manifest.extras.pose if manifest else None
    return PoseModel(open_session(pack / own.file)) if own else None


def _eyes(pack: Path, manifest: Manifest | None) -> EyeModel | None:
    own = manifest.extras.eye if manifest else None
    return EyeModel(open_session(pack / own.file)) if own else None


def _short_hash(path: Path) -> str:
    return sha256_of(path)[:_HASH_SHOWN]
