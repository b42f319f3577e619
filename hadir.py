"""The command line, and the only place where the rooms are put together.

Imports stand inside the commands: whoever asks for one thing should not wait for all.
"""

import asyncio
import ctypes
import gc
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from api.core.settings import Settings, SettingsError
from local.commands import faces, keys, office, shown
from local.commands.faces import build_pack
from local.commands.opened import settings_here, settings_with_servers
from local.errors import LocalError
from local.files import write_private

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.types import ASGIApp, Receive, Scope, Send

    from web.client import Execute

ROOT = Path(__file__).resolve().parent
_PR_SET_PDEATHSIG = 1

app = typer.Typer(
    help="Hadir: attendance by verified face and position.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(keys.app, name="keys")
app.add_typer(faces.app, name="faces")


@app.command()
def up(
    demo: Annotated[bool, typer.Option(help="Fill in the demonstration agency.")] = True,
    tied: Annotated[bool, typer.Option(help="End when the process that started this one ends.")] = False,
) -> None:
    """Everything on this machine: servers, tables, demonstration data, web and worker."""
    from local.up import Up

    if tied:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    settings = settings_here()
    _build_assets(settings)
    build_pack(settings)
    Up(settings, Path(__file__).resolve(), demo=demo).run()


@app.command()
def setup() -> None:
    """Fetch what the pages and the worker need, check it, and start nothing."""
    settings = settings_here()
    _build_assets(settings)
    build_pack(settings)


@app.command()
def migrate() -> None:
    """Bring the tables up to date; several may run at once."""
    with settings_with_servers() as settings:
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

    with settings_with_servers() as settings:
        asyncio.run(run(settings))


@app.command()
def web() -> None:
    """The web process: pages and GraphQL. As many as wanted may run."""
    from local.address import check_port

    with settings_with_servers(start=False) as settings:
        check_port(settings)
        gc.disable()
        import uvloop

        uvloop.run(_serve(settings))


@app.command()
def worker() -> None:
    """The worker process: verifies what was submitted. As many as wanted may run."""
    with settings_with_servers(start=False) as settings:
        gc.disable()
        import uvloop

        from worker.main import run

        _end_of_imports()
        uvloop.run(run(settings))


for command in (shown.settings, shown.schema, office.people, office.rule, office.token, office.audit):
    app.command()(command)


def _portraits() -> list[bytes]:
    """Faces of the first people of the demonstration, whom the worker will enrol as it enrols anybody."""
    from worker.vision.samples import STEADY, registered

    return [registered(person) for person in STEADY]


def _build_assets(settings: Settings) -> None:
    from local.assets import build_htmx
    from local.npm import pinned

    build_htmx(pinned("htmx"), settings.data_dir / "downloads", ROOT / "web" / "static" / "vendor")


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
