"""The slices, in the order in which the schema shows them: a new one is one more name here."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from api import viewer
from api.accounts.slice import SLICE as ACCOUNTS
from api.attendance.slice import SLICE as ATTENDANCE
from api.audit.slice import SLICE as AUDIT
from api.biometrics.slice import SLICE as BIOMETRICS
from api.calibration.slice import SLICE as CALIBRATION
from api.core.slice import Slice
from api.people.slice import SLICE as PEOPLE
from api.personnel.slice import SLICE as PERSONNEL
from api.sites.slice import SLICE as SITES

SLICES: tuple[Slice, ...] = (
    viewer.SLICE,
    PEOPLE,
    ACCOUNTS,
    PERSONNEL,
    SITES,
    ATTENDANCE,
    BIOMETRICS,
    CALIBRATION,
    AUDIT,
)

K = TypeVar("K")
V = TypeVar("V")


def merged(part: Callable[[Slice], Mapping[K, V]]) -> dict[K, V]:
    """What all slices say together; ValueError where two speak of the same thing."""
    said: dict[K, V] = {}
    for slice in SLICES:
        if twice := said.keys() & part(slice).keys():
            raise ValueError(f"said by two slices: {sorted(map(str, twice))}")
        said |= part(slice)
    return said
