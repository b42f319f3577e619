"""From a pack's directory to an engine, without reaching for the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from worker.vision.packs.errors import PackBroken, PackMissing
from worker.vision.packs.manifest import Manifest, sha256_of, verify_pack

if TYPE_CHECKING:
    from worker.vision.engine import FaceEngine
    from worker.vision.liveness import LivenessModel
    from worker.vision.pose import PoseModel

#: Faces the detector is less sure of are not reported; the detector's own graph cuts at 0.5.
MIN_DETECTION_SCORE = 0.6
#: For packs whose detector takes any size; insightface's default would run it at two sizes.
DETECTION_SIZE = (640, 640)
HASH_SHOWN = 8


def load_engine(pack: Path) -> FaceEngine:
    """Load a pack: Hadir's own, or a licensed insightface pack at `<root>/models/<name>`.

    The licensed one's liveness model is taken from `<root>/addons/liveness.onnx` where it lies there; without it the
    engine reports liveness as not checked. Takes about a second and is meant to be called once a process.
    Raises PackMissing or PackBroken; both before insightface could try to download anything.
    """
    pack = pack.expanduser().resolve()
    manifest = verify_pack(pack)
    # Imported here, because it costs a second and 110 MB that a caller who only verifies a pack should not pay.
    import cv2
    from worker.vision.insight import InsightEngine

    cv2.setNumThreads(1)
    analysis = _analysis(pack)
    return InsightEngine(
        analysis,
        model_id=_model_id(pack, manifest, Path(analysis.models["recognition"].model_file)),
        liveness=_liveness(pack, manifest),
        pose=_pose(pack, manifest),
    )


def _analysis(pack: Path) -> Any:
    from insightface.app import FaceAnalysis

    from worker.vision.sessions import PROVIDERS, session_options

    try:
        analysis = FaceAnalysis(
            name=str(pack),
            allowed_modules=["detection", "recognition"],
            providers=PROVIDERS,
            sess_options=session_options(),
        )
    except Exception as error:
        # onnxruntime and insightface raise what they like on a bad file; whatever it is, the pack is unusable.
        raise PackBroken(pack, f"insightface does not load it ({error})") from error
    if set(analysis.models) != {"detection", "recognition"}:
        raise PackBroken(pack, "it needs a detector and a recogniser")
    if not analysis.models["detection"].use_kps:
        raise PackBroken(pack, "its detector gives no landmarks")
    analysis.prepare(ctx_id=0, det_thresh=MIN_DETECTION_SCORE, det_size=DETECTION_SIZE)
    return analysis


def _model_id(pack: Path, manifest: Manifest | None, recogniser: Path) -> str:
    """The recogniser's hash decides, since templates are its work; the detector's part is in the pack's name."""
    name = manifest.model_id if manifest else pack.name
    return f"{name}@{sha256_of(recogniser)[:HASH_SHOWN]}"


def _liveness(pack: Path, manifest: Manifest | None) -> LivenessModel | None:
    from worker.vision.liveness import CropLiveness
    from worker.vision.sessions import open_session

    own = manifest.extras.liveness if manifest else None
    if own is None:
        return _licensed_liveness(pack)
    path = pack / own.file
    return CropLiveness(open_session(path), f"silent-face-128@{sha256_of(path)[:HASH_SHOWN]}")


def _licensed_liveness(pack: Path) -> LivenessModel | None:
    from insightface.addons import Liveness, ensure_addon

    from worker.vision.liveness import AlignedLiveness
    from worker.vision.sessions import PROVIDERS, session_options

    root = pack.parent.parent
    try:
        path = ensure_addon("liveness", root=root, download=False)
    except FileNotFoundError:
        return None
    except RuntimeError as error:
        raise PackBroken(root / "addons", f"liveness.onnx is not the one that insightface publishes ({error})") from error
    addon = Liveness(path, providers=PROVIDERS, sess_options=session_options())
    return AlignedLiveness(addon, f"insightface-liveness@{sha256_of(path)[:HASH_SHOWN]}")


def _pose(pack: Path, manifest: Manifest | None) -> PoseModel | None:
    from worker.vision.pose import PoseModel
    from worker.vision.sessions import open_session

    own = manifest.extras.pose if manifest else None
    return PoseModel(open_session(pack / own.file)) if own else None
