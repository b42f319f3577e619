"""`hadir keys`."""

import asyncio

import typer

from api.core.settings import Settings, load
from local.commands.opened import settings_here, settings_with_servers
from local.keys import add_key, names_of

app = typer.Typer(help="The keys that photographs and templates are encrypted with.", no_args_is_help=True)


@app.command("show")
def show_keys() -> None:
    """The ids of the keys, newest first; never the keys themselves."""
    for place, name in enumerate(names_of(settings_here().keys)):
        print(f"{name}{'  seals' if place == 0 else '  opens'}")


@app.command("rotate")
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

    with settings_with_servers() as settings:
        asyncio.run(run(settings))
        print(f"Everything is sealed with key {names_of(settings.keys)[0]} now.")
