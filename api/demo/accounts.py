"""Who can log in to the demonstration. Passwords and tokens follow from the installation's own key, so that
they are the same at each start, different at each installation, and written nowhere in the program."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

from api.accounts import access
from api.accounts.models import Account, Credential
from api.accounts.passwords import hash_password
from api.biometrics.models import Enrolment, EnrolmentState
from api.core.policy import Role
from api.core.runtime import Runtime
from api.demo.places import AGENCY_SHORT, HOME_UNIT, PROVINCE
from api.people.models import Employee

TOKEN_NAME = "demonstration"  # noqa: S105 - a name, not a token
TOKEN_DAYS = 365
#: People of the home unit who get an account: the first ones have a face, the last may enrol the reader's.
EMPLOYEES = 7
#: Who sits at the home unit's desk: the next one after them.
DESK_OFFICER = 1 + EMPLOYEES

Listed = dict[str, str]


async def accounts(runtime: Runtime) -> list[Listed]:
    """Role, name, NIP, password, token and unit of each account, made or renewed where needed; and whether the
    person's face is enrolled."""
    listed = [(Role.SUPERVISOR, HOME_UNIT, 0), (Role.HR_ADMIN, PROVINCE, 1)]
    listed += [(Role.AGENCY_ADMIN, "00", 1), (Role.AUDITOR, "00", 2)]
    listed += [(Role.DESK_OFFICER, HOME_UNIT, DESK_OFFICER)]
    listed += [(Role.EMPLOYEE, HOME_UNIT, 1 + number) for number in range(EMPLOYEES)]
    return [await _account(runtime, role, unit, number) for role, unit, number in listed]


async def _account(runtime: Runtime, role: Role, unit_code: str, number: int) -> Listed:
    person = await (
        Employee.filter(agency__short_name=AGENCY_SHORT, unit__code=unit_code)
        .order_by("id")
        .offset(number)
        .select_related("unit")
        .first()
    )
    if person is None:
        raise LookupError(f"the demonstration has no person {number} in unit {unit_code}")
    password = _derived(runtime, "password", person.nip)[:10]
    token = _derived(runtime, "token", person.nip)
    if not await Credential.exists(digest=access.digest_of(token)):
        await _renew(person, password, token)
    enrolled = await Enrolment.filter(employee_id=person.id).exclude(state=EnrolmentState.REFUSED).exists()
    return {
        "role": role.value,
        "name": person.name,
        "nip": person.nip,
        "password": password,
        "token": token,
        "unit": person.unit.name,
        "face": "enrolled" if enrolled else "none yet",
    }


async def _renew(person: Employee, password: str, token: str) -> None:
    now = datetime.now(UTC)
    account, _ = await Account.get_or_create(
        employee_id=person.id,
        defaults={"agency_id": person.agency_id, "password_hash": ""},
    )
    account.password_hash = await hash_password(password)
    await account.save()
    await Credential.create(
        agency_id=person.agency_id,
        account=account,
        digest=access.digest_of(token),
        token_name=TOKEN_NAME,
        expires_at=now + timedelta(days=TOKEN_DAYS),
    )


def _derived(runtime: Runtime, kind: str, nip: str) -> str:
    mac = hmac.new(runtime.keyring.secret(b"demonstration"), f"{kind}/{nip}".encode(), hashlib.sha256)
    return base64.b32encode(mac.digest()).decode().rstrip("=").lower()
