"""P11, P14: pages of an agency of 24,000: their statements, their weight, the server's time."""

import asyncio
import gzip
import statistics
import time

from bench.agency import Agency, Member, populate
from bench.ground import Ground, Process, ground, product
from bench.load import Connection, UnexpectedAnswer, connect, request
from bench.rows import Row, row
from bench.statements import Counter, counting

PEOPLE = 24_000
TIMES = 30
MILLISECONDS = 1000
KILOBYTE = 1000


def measure() -> list[Row]:
    """Takes about 30 seconds."""
    with ground() as on:
        agency = asyncio.run(populate(str(on.settings.database_url), people=PEOPLE))
        with product(on) as own:
            return asyncio.run(_rows(on, agency, own))


async def _rows(on: Ground, agency: Agency, own: Process) -> list[Row]:
    connection = await connect(own.port)
    walls = {
        "an office of 100": (agency.supervisor, f"/live/{agency.supervisor.unit_id}"),
        f"all {PEOPLE:,}": (agency.admin, f"/live/{agency.root}"),
    }
    rows = []
    for name, (member, path) in walls.items():
        size, seconds = await _wall(connection, member, path)
        rows.append(row("P14", f"the wall of {name}, compressed (KB)", size / KILOBYTE, must=50))
        rows.append(row("P14", f"the wall of {name}, server's time (ms)", seconds * MILLISECONDS, must=50))
    rows.append(await _statements(on, agency, connection))
    connection.close()
    return rows


async def _wall(connection: Connection, member: Member, path: str) -> tuple[int, float]:
    """Bytes of the page as sent, and the median of seconds of alone standing requests."""
    times = []
    for _ in range(TIMES):
        began = time.perf_counter()
        body = await get_page(connection, member, path)
        times.append(time.perf_counter() - began)
    if b'id="row-' not in gzip.decompress(body):
        raise UnexpectedAnswer(f"no rows on {path}")
    return len(body), statistics.median(times)


async def _statements(on: Ground, agency: Agency, connection: Connection) -> Row:
    """The page that asks most of the database; all of them in the note."""
    pages = {
        "today": (agency.members[5], "/today"),
        "check-in": (agency.members[5], "/check-in"),
        "account": (agency.members[5], "/account"),
        "wall": (agency.supervisor, f"/live/{agency.supervisor.unit_id}"),
        "queue": (agency.supervisor, "/check-ins"),
    }
    async with counting(on) as counter:
        asked = {name: await _count(counter, connection, *page) for name, page in pages.items()}
    worst = max(asked, key=asked.__getitem__)
    note = ", ".join(f"{name} {count}" for name, count in asked.items())
    return row("P11", f"SQL statements of a page, most ({worst})", asked[worst], must=8, note=note)


async def _count(counter: Counter, connection: Connection, member: Member, path: str) -> int:
    counts = []
    for _ in range(5):  # the least: each process, and each of its connections, asks some things once
        counter.start()
        await get_page(connection, member, path)
        counts.append(len(counter.executed()))
    return min(counts)


async def get_page(connection: Connection, member: Member, path: str) -> bytes:
    cookie = f"hadir_session={member.token}; hadir_lang=id"
    status, _, body = await connection.ask(request("GET", path, Cookie=cookie, Accept_Encoding="gzip"))
    if status != 200:
        raise UnexpectedAnswer(f"{path}: {status} {body[:200]!r}")
    return body
