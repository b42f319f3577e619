"""Tables, models and migrations say the same, forwards and backwards, and whoever migrates at the same time waits."""

import asyncio
import importlib
import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tortoise import Tortoise
from tortoise.migrations.api import migrate as apply_migrations
from tortoise.migrations.autodetector import MigrationAutodetector

from api.core.database import config, migrate
from api.core.settings import Settings, load

pytestmark = pytest.mark.anyio

FOLDER = Path(__file__).parents[3] / "migrations"
NAMES = sorted(path.stem for path in FOLDER.glob("0*.py"))
OURS = "connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'tortoise_migrations'"

COLUMNS = """
SELECT table_name || '.' || column_name AS name, data_type || ' ' || is_nullable || ' ' ||
       coalesce(character_maximum_length::text, '') || ' ' || coalesce(column_default, '') AS form
  FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'tortoise_migrations'
"""
CONSTRAINTS = f"SELECT conname AS name, pg_get_constraintdef(oid) AS form FROM pg_constraint WHERE {OURS}"
INDEXES = """
SELECT indexname AS name, indexdef AS form FROM pg_indexes
 WHERE schemaname = 'public' AND tablename <> 'tortoise_migrations'
"""
#: Of the product's own; an extension's functions are that extension's.
TRIGGERS = """
SELECT tgname AS name, pg_get_triggerdef(oid) || tgenabled::text AS form FROM pg_trigger WHERE NOT tgisinternal
 UNION ALL
SELECT proname, pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
   AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')
"""
FOREIGN_KEYS = f"""
SELECT conrelid::regclass::text || '.' || a.attname AS name, confrelid::regclass::text AS form,
       EXISTS (SELECT FROM pg_index i WHERE i.indrelid = conrelid AND i.indkey[0] = conkey[1]) AS indexed,
       confdeltype IN ('a', 'r') AS holds
  FROM pg_constraint JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = conkey[1]
 WHERE contype = 'f' AND {OURS}
"""

#: Foreign keys without an index of their own, and why none is missed.
NO_AGENCY_GOES = "an agency is not deleted, and this table is not read by agency alone"
UNINDEXED = {
    "account.agency_id": NO_AGENCY_GOES,
    "check_in_nonce.agency_id": NO_AGENCY_GOES,
    "consent.agency_id": NO_AGENCY_GOES,
    "credential.agency_id": NO_AGENCY_GOES,
    "duty_assignment.agency_id": NO_AGENCY_GOES,
    "enrolment.voucher_id": "nobody's decisions are listed",
    "face_template.agency_id": NO_AGENCY_GOES,
    "face_vector.agency_id": NO_AGENCY_GOES,
    "likeness.agency_id": NO_AGENCY_GOES,
    "objection.agency_id": NO_AGENCY_GOES,
    "role_assignment.agency_id": NO_AGENCY_GOES,
    "audit_entry.subject_id": "read with its agency: (agency_id, subject_id)",
    "check_in.reviewer_id": "nobody's decisions are listed; an index here would be written at each check-in",
    "check_in.unit_id": "lists go by the person's unit; this is where he was then",
    "check_in_nonce.employee_id": "found by digest; the table is swept of what has expired",
}


#: What goes with the row that it hangs on, and why nothing is lost by it.
GO_TOGETHER = {
    "credential.account_id": "a session or token of no account opens nothing",
    "face_template.enrolment_id": "a template is its enrolment's, and must not outlive it",
    "face_vector.template_id": "a vector is its template's, and must not outlive it",
    "likeness.enrolment_id": "what was found of an enrolment is nothing without it",
}


def settings_of(url: str) -> Settings:
    return load(environ={"DATABASE_URL": url}, env_file=None)


async def read(url: str, *statements: str) -> list[dict[str, str]]:
    connection = await asyncpg.connect(url)
    try:
        return [{row["name"]: row["form"] for row in await connection.fetch(sql)} for sql in statements]
    finally:
        await connection.close()


async def snapshot(url: str) -> list[dict[str, str]]:
    return await read(url, COLUMNS, CONSTRAINTS, INDEXES, TRIGGERS)


async def passed(url: str, name: str, direction: str) -> dict[str, list[dict[str, str]]]:
    """What the database holds after each step towards `name`, in their order. All in one go: each start of Tortoise
    builds every model anew, for every migration there is."""
    found = {}

    def look(event: str, _: str, migration: str) -> None:
        """It is called between two transactions, by a loop that must wait meanwhile."""
        if event.endswith("_done"):
            found[migration] = thread.submit(lambda: asyncio.run(snapshot(url))).result()

    with ThreadPoolExecutor(1) as thread:
        try:
            given = config(settings_of(url))
            await apply_migrations(config=given, target=f"models.{name}", direction=direction, progress=look)
        finally:
            await Tortoise.close_connections()
    return found


async def test_each_migration_is_undone_by_its_downgrade(blank_database_url: str) -> None:
    url = blank_database_url
    nothing = await snapshot(url)
    assert nothing == [{}, {}, {}, {}]
    forth = await passed(url, NAMES[-1], "forward")
    assert list(forth) == NAMES
    assert forth[NAMES[-1]] != forth[NAMES[0]], "they do something"
    back = await passed(url, "__first__", "backward")
    assert list(back) == NAMES[::-1]
    for name, earlier in zip(NAMES, [nothing, *forth.values()], strict=False):
        assert back[name] == earlier, f"going back from {name}"
    await migrate(settings_of(url))
    assert await snapshot(url) == forth[NAMES[-1]]


async def test_the_models_hold_nothing_that_no_migration_makes(database_url: str) -> None:
    given = config(settings_of(database_url))
    await Tortoise.init(config=given, init_connections=False)
    try:
        changes = await MigrationAutodetector(Tortoise.apps, given["apps"]).changes()
    finally:
        await Tortoise.close_connections()
    assert [operation for writer in changes for operation in writer.operations] == []


async def test_every_column_key_and_index_of_a_model_is_in_the_database_and_no_other(
    database_url: str,
) -> None:
    """Also what migrations write by hand, and the models cannot say."""
    columns, constraints, indexes, triggers = await snapshot(database_url)
    await Tortoise.init(config=config(settings_of(database_url)), init_connections=False)
    try:
        models = {model._meta.db_table: model._meta for model in Tortoise.apps["models"].values()}
    finally:
        await Tortoise.close_connections()
    declared = {
        f"{table}.{column}": meta.fields_map[field].null
        for table, meta in models.items()
        for field, column in meta.fields_db_projection.items()
    }
    assert {name: " YES " in form for name, form in columns.items()} == declared
    by_hand = written_by_hand()
    explained = set(by_hand)
    for table, meta in models.items():
        explained |= {f"{table}_pkey"}
        explained |= {
            f"{table}_{meta.fields_map[fk].source_field}_fkey" for fk in meta.fk_fields | meta.o2o_fields
        }
        explained |= {
            f"{table}_{column_of(meta, name)}_key" for name, field in meta.fields_map.items() if field.unique
        }
        for group in meta.unique_together:
            explained.add(
                one(constraints, f"UNIQUE ({', '.join(column_of(meta, name) for name in group)})", table)
            )
        for index in meta.indexes:
            names = index if isinstance(index, list | tuple) else index.fields
            explained.add(one(indexes, f"{table} USING btree ({', '.join(names)})", table))
    not_null = {name for name, form in constraints.items() if form.startswith("NOT NULL")}
    present = (constraints.keys() | indexes.keys() | triggers.keys()) - not_null
    assert not present - explained, "in the database and nowhere declared"
    assert not by_hand - present, "written by hand and not there"


async def test_every_foreign_key_holds_and_can_be_looked_up(database_url: str) -> None:
    """A check-in does not go because its reviewer or its office goes."""
    connection = await asyncpg.connect(database_url)
    try:
        found = await connection.fetch(FOREIGN_KEYS)
    finally:
        await connection.close()
    assert {row["name"] for row in found if not row["holds"]} == set(GO_TOGETHER)
    assert {row["name"] for row in found if not row["indexed"]} == set(UNINDEXED)
    assert all(UNINDEXED.values())


MIGRATE = (
    "import asyncio; from api.core.database import migrate; from api.core.settings import load;"
    " asyncio.run(migrate(load(env_file=None)))"
)


async def test_two_migrations_at_once_do_the_work_once(blank_database_url: str, database_url: str) -> None:
    environment = {**os.environ, "DATABASE_URL": blank_database_url, "PYTHONPATH": str(FOLDER.parent)}
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-c", MIGRATE, env=environment, cwd=FOLDER.parent, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(2)
    ]
    ended = await asyncio.gather(*(process.communicate() for process in started))
    assert [(process.returncode, told[1]) for process, told in zip(started, ended, strict=True)] == [
        (0, b"")
    ] * 2
    assert await snapshot(blank_database_url) == await snapshot(database_url)


def written_by_hand() -> set[str]:
    """Names that the SQL of the migrations gives."""
    found: set[str] = set()
    for name in NAMES:
        forward = getattr(importlib.import_module(f"migrations.{name}"), "FORWARD", [])
        for statement in forward:
            named = re.match(
                r"\s*(?:CREATE (?:(?:UNIQUE )?INDEX|FUNCTION|TRIGGER)|ALTER TABLE \w+ ADD CONSTRAINT) (\w+)",
                statement,
            )
            assert named, f"{name}: what does this make? {statement}"
            found.add(named[1])
    return found


def column_of(meta: Any, name: str) -> str:
    field = meta.fields_map[name]
    return str(field.source_field or name)


def one(known: dict[str, str], form: str, table: str) -> str:
    """The name under which the database keeps what a model declares."""
    short = table[:11]
    found = [name for name, definition in known.items() if form in definition and short in name]
    assert found, f"{table}: {form} is not in the database"
    return found[0]
