"""What a worker says of the pack it opened."""

from pathlib import Path

from worker.pack import described
from worker.vision.packs import load_engine


def test_the_default_pack_says_its_name_licence_and_hashes(face_pack: Path) -> None:
    engine = load_engine(face_pack)
    found = described(face_pack, engine)
    assert found.model_id == engine.model_id
    assert found.name == "Hadir default face pack"
    assert "MIT" in found.licence
    assert {each["file"] for each in found.files} >= {"detection.onnx", "recognition.onnx"}
    assert all(len(each["sha256"]) == 64 for each in found.files)


def test_a_folder_of_models_alone_goes_by_its_name(face_pack: Path, tmp_path: Path) -> None:
    engine = load_engine(face_pack)
    old = tmp_path / "antelopev2"
    old.mkdir()
    (old / "recognition.onnx").write_bytes(b"")
    found = described(old, engine)
    assert (found.name, found.licence, list(found.files)) == ("antelopev2", "", [])
