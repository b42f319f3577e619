"""People, accounts and the trail of an agency, for whoever runs the machine."""

import asyncio
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from api.core.settings import Settings
from local.commands.opened import settings_with_servers
from local.errors import AccountError, AuditError, FileError
from local.files import write_private


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

    with settings_with_servers() as settings:
        from api.onboarding import FileRefused

        try:
            asyncio.run(run(settings))
        except FileRefused as refused:
            raise FileError(str(refused)) from None
    print(f"Done. The first passwords are in {passwords}: hand them out one by one, then delete the file.")


def rule(
    agency: Annotated[str, typer.Argument(help="The agency's short name.")],
    topic: Annotated[str, typer.Argument(help="face, position, working_hours, desk, moves or challenge.")],
    file: Annotated[Path, typer.Argument(help="Its parameters, as JSON.", exists=True)],
    begin: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="First day.")],
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Last day; open without it.")
    ] = None,
    source: Annotated[str, typer.Option(help="The regulation or decision it stands on.")] = "",
) -> None:
    """Set an agency's own limits or hours of duty for a time; what is not named keeps the program's default."""

    async def run(settings: Settings) -> date | None:
        from api import agency_rules
        from api.core.runtime import open_runtime

        async with open_runtime(settings):
            found = await agency_rules.agency_named(agency)
            parameters = agency_rules.read(file.read_text("utf-8"))
            last = until.date() if until else None
            written = await agency_rules.write(found, topic, parameters, begin.date(), last, source)
            return await agency_rules.overtaken_on(written)

    with settings_with_servers() as settings:
        from api.agency_rules import RuleRefused

        try:
            overtaken = asyncio.run(run(settings))
        except RuleRefused as refused:
            raise FileError(str(refused)) from None
    print("Done. It holds for check-ins that are judged from now on.")
    if overtaken:
        print(
            f"But another rule of this topic begins on {overtaken} and wins from then on: give that day, or a later."
        )


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

    with settings_with_servers() as settings:
        try:
            print(asyncio.run(run(settings)))
        except LookupError:
            raise AccountError(f"Nobody with the NIP {nip} has an account.") from None


def audit() -> None:
    """Check each agency's audit trail link by link; note down the last numbers and digests it prints, elsewhere.

    A cut-off end is a shorter chain that holds: only what was noted down elsewhere can tell it. Entries that are
    older than the agency's rule keeps them are told too; docs/decisions/0010 says how they end.
    """

    async def run(settings: Settings) -> int:
        from api.attendance.service.retention import periods_of
        from api.audit.service import first_break, heads, last_before
        from api.core.clock import utc_now
        from api.core.runtime import open_runtime

        async with open_runtime(settings):
            broken = 0
            for head in await heads():
                wrong = await first_break(head.agency_id)
                print(f"{head.short_name:<12} {head.number:>9} {head.digest.hex()}" if wrong is None else
                      f"{head.short_name:<12} broken at entry {wrong}")  # fmt: skip
                broken += wrong is not None
                days = (await periods_of(head.agency_id, utc_now())).audit_entries
                if old := await last_before(head.agency_id, utc_now() - timedelta(days=days)):
                    print(f"{head.short_name:<12} {old:>9} and those before it are older than {days} days")
        return broken

    with settings_with_servers() as settings:
        if asyncio.run(run(settings)):
            raise AuditError(
                "A trail does not hold: see above. Keep this database as it is and call your auditor."
            )
