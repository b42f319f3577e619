"""An agency comes in by one file, whole or not at all."""

import csv

import pytest

from api import onboarding
from api.accounts.models import Account
from api.accounts.passwords import matches
from api.core.policy import Role
from api.core.runtime import Runtime
from api.people.models import Agency, Employee, RoleAssignment, Unit
from api.sites.models import DutyAssignment, DutyLocation

pytestmark = pytest.mark.anyio

HEAD = "nip,name,unit_code,unit_name,parent_code,time_zone,latitude,longitude,role,supervisor_nip"
HEAD_OF_OFFICE = "19700124 200703 2 024,Siti,31,Dinas Uji,,Asia/Makassar,-5.1,119.4,SUPERVISOR,"
STAFF = "198907022023041019,Wayan,3101,Seksi Satu,31,Asia/Makassar,,,,197001242007032024"


async def test_units_people_roles_offices_and_first_passwords(runtime: Runtime) -> None:
    kept: list[str] = []
    await onboarding.bring_in("Dinas Uji", "DU", onboarding.read([HEAD, HEAD_OF_OFFICE, STAFF]), kept.append)
    made = list(csv.DictReader(kept[0].splitlines()))
    staff = await Employee.get(nip="198907022023041019").select_related("unit", "supervisor")
    assert (staff.unit.path, staff.unit.time_zone, staff.supervisor.name) == (
        "/31/3101/",
        "Asia/Makassar",
        "Siti",
    )
    role = await RoleAssignment.get(employee__nip="197001242007032024").select_related("unit")
    assert (role.role, role.unit.path) == (Role.SUPERVISOR, "/31/")
    assert await DutyLocation.filter(unit__path="/31/").count() == 1
    assert await DutyAssignment.filter(employee__supervisor=None, employee__unit__path="/31/").count() == 1
    account = await Account.get(employee=staff)
    assert await matches(account.password_hash, made[1]["password"])
    assert not await matches(account.password_hash, made[0]["password"])


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("12345,Wayan,31,,,,,,,", "line 2: nip: the digits cannot be a NIP"),
        ("198907022023041019,,31,,,,,,,", "line 2: name: Field required"),
        (
            "198907022023041019,Wayan,31,,,Asia/Atlantis,,,,",
            "line 2: time_zone: no such time zone",
        ),
        (
            "198907022023041019,Wayan,31,,,,91,0,,",
            "line 2: latitude: Input should be less than or equal to 90",
        ),
    ],
)
def test_a_wrong_line_is_named(row: str, told: str) -> None:
    with pytest.raises(onboarding.FileRefused) as refused:
        onboarding.read([HEAD, row])
    assert refused.value.problems == [told]


async def test_a_file_that_fails_in_its_last_line_changes_nothing(runtime: Runtime) -> None:
    rows = onboarding.read([HEAD, HEAD_OF_OFFICE, STAFF.replace("197001242007032024", "199001262023041030")])
    with pytest.raises(onboarding.FileRefused, match="line 3: supervisor 199001262023041030"):
        await onboarding.bring_in("Dinas Uji", "DU", rows, print)
    assert not await Agency.exists(short_name="DU")
    assert not await Unit.exists(code="31")
    assert not await Employee.exists(nip="197001242007032024")


async def test_nobody_is_added_whose_password_could_not_be_kept(runtime: Runtime) -> None:
    def full(_: str) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        await onboarding.bring_in("Dinas Uji", "DU", onboarding.read([HEAD, HEAD_OF_OFFICE]), full)
    assert not await Employee.exists(nip="197001242007032024")
