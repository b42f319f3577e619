"""Bringing an agency in: one CSV of people with their units, and the first accounts.

All of it or nothing: a file with a wrong row changes nothing, and every wrong row is named.
"""

import asyncio
import csv
import io
import secrets
from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from api.accounts.models import Account
from api.accounts.passwords import hash_password
from api.core import database
from api.core.clock import utc_now
from api.core.policy import Role
from api.people.models import Agency, Employee, RoleAssignment, Unit
from api.people.nip import is_valid, normalise
from api.sites.models import DutyAssignment, DutyLocation

#: 80 bits: nobody guesses it before its owner has changed it.
PASSWORD_BYTES = 10


class FileRefused(Exception):
    """What is wrong with the file, a line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Row(BaseModel):
    """One person. A unit's own columns are needed once, with the first person of the unit."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    nip: str = Field(description="18 digits; spaces do not matter")
    name: str = Field(min_length=1, max_length=200, description="name with titles")
    position: str = Field("", max_length=200, description="post held")
    contract: bool = Field(False, description="true for PPPK, whose NIP has another layout")
    unit_code: str = Field(pattern=r"^[A-Za-z0-9-]{1,16}$", description="the agency's code of the unit")
    unit_name: str = Field("", max_length=200, description="name of the unit")
    parent_code: str = Field("", description="the unit above; must come before it in the file")
    time_zone: str = Field("Asia/Jakarta", description="Asia/Jakarta, Asia/Makassar or Asia/Jayapura")
    latitude: float | None = Field(None, ge=-90, le=90, description="of the unit's office")
    longitude: float | None = Field(None, ge=-180, le=180, description="of the unit's office")
    radius_metres: int = Field(100, ge=10, le=100_000, description="of the unit's office")
    role: Role = Field(Role.EMPLOYEE, description="EMPLOYEE, SUPERVISOR, HR_ADMIN; or AGENCY_ADMIN, AUDITOR")
    supervisor_nip: str = Field("", description="the direct superior; must come before in the file")

    @field_validator("nip", "supervisor_nip")
    @classmethod
    def _digits(cls, value: str) -> str:
        return normalise(value)

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError("no such time zone")
        return value

    @model_validator(mode="after")
    def _number(self) -> "Row":
        if not is_valid(self.nip, today=utc_now().date(), contract=self.contract):
            raise ValueError("nip: the digits cannot be a NIP")
        return self


def read(lines: Iterable[str]) -> list[Row]:
    """The rows of a CSV with a heading; FileRefused names every line that cannot be used."""
    rows, problems = [], []
    for number, record in enumerate(csv.DictReader(lines), start=2):
        try:
            rows.append(Row.model_validate({name: text for name, text in record.items() if text}))
        except ValidationError as error:
            problems += [f"line {number}: {_told(detail)}" for detail in error.errors()]
    if problems or not rows:
        raise FileRefused(problems or ["The file has no rows."])
    return rows


async def bring_in(name: str, short_name: str, rows: list[Row], keep: Callable[[str], None]) -> None:
    """Found the agency if it is new, and add units, people and accounts.

    `keep` is given the first passwords as CSV before anything is committed: if they cannot be kept, nobody was
    added, rather than people added whom no password lets in.
    """
    passwords = {row.nip: secrets.token_hex(PASSWORD_BYTES) for row in rows}
    made = await asyncio.gather(*map(hash_password, passwords.values()))
    hashes = dict(zip(passwords, made, strict=True))
    async with database.transaction():
        agency, _ = await Agency.get_or_create(short_name=short_name, defaults={"name": name})
        for number, row in enumerate(rows, start=2):
            try:
                await _add(agency, row, hashes[row.nip])
            except LookupError as error:
                raise FileRefused([f"line {number}: {error.args[0]}"]) from None
        keep(_listed(rows, passwords))


async def _add(agency: Agency, row: Row, password_hash: str) -> None:
    if await Employee.exists(nip=row.nip):
        raise LookupError(f"{row.nip} is there already")
    today = utc_now().date()
    unit = await _unit(agency, row)
    supervisor = (
        await Employee.get_or_none(agency=agency, nip=row.supervisor_nip) if row.supervisor_nip else None
    )
    if row.supervisor_nip and supervisor is None:
        raise LookupError(f"supervisor {row.supervisor_nip} is not in the file above")
    person = await Employee.create(
        agency=agency, unit=unit, supervisor=supervisor, nip=row.nip, name=row.name, position=row.position
    )
    await Account.create(agency=agency, employee=person, password_hash=password_hash)
    if row.role != Role.EMPLOYEE:
        scope = None if row.role in (Role.AGENCY_ADMIN, Role.AUDITOR) else unit
        await RoleAssignment.create(
            agency=agency, employee=person, unit=scope, role=row.role, valid_from=today
        )
    for office in await DutyLocation.filter(unit=unit):
        await DutyAssignment.create(agency=agency, employee=person, location=office, valid_from=today)


async def _unit(agency: Agency, row: Row) -> Unit:
    found = await Unit.get_or_none(agency=agency, code=row.unit_code)
    if found is not None:
        return found
    parent = await Unit.get_or_none(agency=agency, code=row.parent_code) if row.parent_code else None
    if row.parent_code and parent is None:
        raise LookupError(f"unit {row.parent_code} is not in the file above")
    unit = await Unit.create(
        agency=agency,
        parent=parent,
        code=row.unit_code,
        name=row.unit_name or row.unit_code,
        path=f"{parent.path if parent else '/'}{row.unit_code}/",
        time_zone=row.time_zone,
    )
    if row.latitude is not None and row.longitude is not None:
        await DutyLocation.create(
            agency=agency,
            unit=unit,
            name=unit.name,
            latitude=row.latitude,
            longitude=row.longitude,
            radius_metres=row.radius_metres,
        )
    return unit


def _listed(rows: list[Row], passwords: dict[str, str]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["nip", "name", "password"])
    writer.writerows([row.nip, row.name, passwords[row.nip]] for row in rows)
    return text.getvalue()


def _told(detail: Any) -> str:
    where = ".".join(map(str, detail["loc"]))
    text = str(detail["msg"]).removeprefix("Value error, ")
    return f"{where}: {text}" if where else text
