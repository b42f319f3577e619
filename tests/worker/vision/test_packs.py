"""A pack is what its manifest says, or it is refused with a sentence; the network is never asked."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from insightface.app import FaceAnalysis
from insightface.data import get_image
from insightface.model_zoo.package_manifest import load_model_package
from onnx import TensorProto, helper

from tests import pictures as made
from worker.vision.engine import FaceEngine
from worker.vision.insight import InsightEngine, aligned
from worker.vision.packs import PackBroken, PackMissing, build_default_pack, load_engine, verify_pack
from worker.vision.packs.build import PACK_ID
from worker.vision.pictures import read_picture


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tripwire: whoever opens a connection fails the test."""

    def refuse(*_: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.fixture(scope="session")
def built(tarball: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_default_pack(tarball, tmp_path_factory.mktemp("packs") / "models" / "default")


@pytest.fixture
def copy(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "models" / "copy"))


def test_builds_what_insightface_reads(built: Path) -> None:
    package = load_model_package(built)
    assert package.model_id == PACK_ID
    assert set(package.tasks) == {"detection", "recognition"}
    assert [path.name for path in sorted(built.iterdir())] == [
        "MODEL.LICENSE",
        "detection.onnx",
        "extras",
        "manifest.json",
        "recognition.onnx",
    ]
    assert {path.stem for path in (built / "extras").iterdir()} == {"liveness", "eye", "pose"}
    assert "MIT License" in (built / "MODEL.LICENSE").read_text()


def test_building_again_keeps_a_sound_pack(built: Path, tmp_path: Path) -> None:
    before = (built / "detection.onnx").stat().st_mtime_ns
    assert build_default_pack(tmp_path / "no-package-needed.tgz", built) == built
    assert (built / "detection.onnx").stat().st_mtime_ns == before


def test_building_replaces_a_broken_pack_and_leaves_nothing_beside_it(tarball: Path, copy: Path) -> None:
    (copy / "recognition.onnx").write_bytes(b"half a down")
    build_default_pack(tarball, copy)
    assert verify_pack(copy) is not None
    assert [path.name for path in copy.parent.iterdir()] == ["copy"]


def test_another_package_is_refused_and_nothing_is_built(tmp_path: Path) -> None:
    wrong = tmp_path / "package.tgz"
    wrong.write_bytes(b"not the package")
    with pytest.raises(PackBroken, match="SHA-256"):
        build_default_pack(wrong, tmp_path / "pack")
    with pytest.raises(PackMissing, match="make faces"):
        build_default_pack(tmp_path / "absent.tgz", tmp_path / "pack")
    assert list(tmp_path.iterdir()) == [wrong]


def flip_a_byte(pack: Path) -> None:
    content = bytearray((pack / "detection.onnx").read_bytes())
    content[len(content) // 2] ^= 1
    (pack / "detection.onnx").write_bytes(content)


def lose_liveness(pack: Path) -> None:
    (pack / "extras/liveness.onnx").unlink()


def edit(**changes: object) -> Callable[[Path], None]:
    def apply(pack: Path) -> None:
        manifest = json.loads((pack / "manifest.json").read_text())
        (pack / "manifest.json").write_text(json.dumps(manifest | changes))

    return apply


def reach_outside(pack: Path) -> None:
    shutil.copy(pack / "detection.onnx", pack.parent / "detection.onnx")
    manifest = json.loads((pack / "manifest.json").read_text())
    manifest["tasks"]["detection"]["file"] = "../detection.onnx"
    (pack / "manifest.json").write_text(json.dumps(manifest))


def no_json(pack: Path) -> None:
    (pack / "manifest.json").write_text("{")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (flip_a_byte, "detection.onnx is not the file"),
        (lose_liveness, "liveness.onnx is missing"),
        (edit(manifest_version=1), "manifest_version"),
        (edit(tasks={}), "tasks.detection"),
        (edit(model_id="../up"), "model_id"),
        (reach_outside, "outside the pack"),
        (no_json, "JSON"),
    ],
)
def test_a_broken_pack_is_refused(copy: Path, spoil: Callable[[Path], None], why: str) -> None:
    spoil(copy)
    for use in (verify_pack, load_engine):
        with pytest.raises(PackBroken, match=why) as refused:
            use(copy)
        assert "make faces" in str(refused.value)


def test_a_file_that_is_no_model_is_refused(copy: Path) -> None:
    manifest = json.loads((copy / "manifest.json").read_text())
    (copy / "recognition.onnx").write_bytes(b"no model")
    del manifest["tasks"]["recognition"]["sha256"]
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(PackBroken, match="do not load"):
        load_engine(copy)


@pytest.mark.parametrize("make", [lambda path: None, Path.mkdir, Path.touch])
def test_a_missing_pack_is_missed_without_asking_the_network(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "pack")
    for use in (verify_pack, load_engine):
        with pytest.raises(PackMissing, match="make faces"):
            use(tmp_path / "pack")


@pytest.mark.filterwarnings("ignore:`estimate` is deprecated:FutureWarning")
def test_insightface_loads_it_unpatched_and_agrees(face_pack: Path, engine: InsightEngine) -> None:
    analysis = FaceAnalysis(name=str(face_pack), providers=["CPUExecutionProvider"])
    analysis.prepare(ctx_id=0)
    faces = analysis.get(get_image("t1"))
    assert len(faces) == 6
    assert all(face.embedding.shape == (512,) for face in faces)
    picture = read_picture(made.portrait(0))
    theirs, ours = analysis.get(picture.pixels)[0], engine.inspect(picture).faces[0]
    assert ours.embedding is not None
    assert float(theirs.normed_embedding @ ours.embedding) > 0.99999
    np.testing.assert_allclose(theirs.bbox, ours.box, atol=0.01)


def test_the_model_s_name_tells_packs_apart(engine: FaceEngine, copy: Path) -> None:
    assert engine.model_id.startswith(f"{PACK_ID}@")
    edit(model_id="agency-7")(copy)
    assert load_engine(copy).model_id == engine.model_id.replace(PACK_ID, "agency-7")


@pytest.fixture
def licensed(built: Path, tmp_path: Path) -> Path:
    """`<root>/models/<name>` with two .onnx files and no manifest, as insightface's older packs are."""
    pack = tmp_path / "root/models/buffalo"
    pack.mkdir(parents=True)
    shutil.copy(built / "detection.onnx", pack / "det_10g.onnx")
    shutil.copy(built / "recognition.onnx", pack / "w600k_r50.onnx")
    return pack


def test_a_licensed_pack_goes_down_the_same_path(licensed: Path, engine: FaceEngine) -> None:
    agency = load_engine(licensed)
    report, usual = (
        one.inspect(read_picture(made.portrait(0)), pose=True).faces[0] for one in (agency, engine)
    )
    assert report.embedding is not None
    assert usual.embedding is not None
    assert float(report.embedding @ usual.embedding) > 0.9999
    assert agency.model_id.startswith("buffalo@")


def test_without_its_addon_liveness_is_not_checked(licensed: Path) -> None:
    agency = load_engine(licensed)
    report = agency.inspect(read_picture(made.portrait(0)), pose=True).faces[0]
    assert agency.liveness_model_id is None
    assert report.liveness is None
    assert (report.yaw, report.pitch, report.roll) == (None, None, None)


def test_another_addon_than_insightface_s_is_refused(licensed: Path, built: Path) -> None:
    addons = licensed.parent.parent / "addons"
    addons.mkdir()
    shutil.copy(built / "extras/liveness.onnx", addons)
    with pytest.raises(PackBroken, match=r"liveness\.onnx is not the one"):
        load_engine(licensed)


def test_a_pack_needs_both_detector_and_recogniser(licensed: Path) -> None:
    (licensed / "w600k_r50.onnx").unlink()
    with pytest.raises(PackBroken, match="recogniser"):
        load_engine(licensed)


def test_a_pack_s_detector_must_give_landmarks(licensed: Path) -> None:
    pixels = helper.make_tensor_value_info("input", TensorProto.FLOAT, [1, 3, 64, 64])
    outputs = [helper.make_tensor_value_info(f"o{n}", TensorProto.FLOAT, [1, 3, 64, 64]) for n in range(6)]
    nodes = [helper.make_node("Identity", ["input"], [f"o{n}"]) for n in range(6)]
    graph = helper.make_graph(nodes, "boxes only", [pixels], outputs)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=7),
        licensed / "det_10g.onnx",
    )
    with pytest.raises(PackBroken, match="landmarks"):
        load_engine(licensed)


@pytest.mark.filterwarnings("ignore:`estimate` is deprecated:FutureWarning")
def test_alignment_is_insightface_s() -> None:
    from insightface.utils.face_align import norm_crop

    picture = read_picture(made.portrait(2)).pixels
    points = np.array([[200, 270], [275, 265], [240, 310], [210, 345], [270, 342]], np.float32)
    for angle in (0, 40, 170):
        turn = cv2.getRotationMatrix2D((240, 300), angle, 0.8)
        turned = (points @ turn[:, :2].T + turn[:, 2]).astype(np.float32)
        difference = cv2.absdiff(aligned(picture, turned, 112), norm_crop(picture, turned))
        assert difference.mean() < 0.05
