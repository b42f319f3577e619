"""The civil servant's number, NIP: birth date, start as candidate, sex, sequence — eighteen digits."""

import re
from datetime import date, datetime

NIP = re.compile(r"^(\d{8})(\d{6})([12])(\d{3})$")


def normalise(text: str) -> str:
    """Digits only: people type the number with the spaces it is printed with."""
    return re.sub(r"[\s.\-]", "", text)


def is_formed(nip: str) -> bool:
    """Eighteen digits: all that is asked of a number before it is looked up."""
    return len(nip) == 18 and nip.isascii() and nip.isdecimal()


def is_valid(nip: str, *, today: date, contract: bool = False) -> bool:
    """Whether the parts can be true together. A contract employee's (PPPK) start month is not checked."""
    parts = NIP.match(nip) if nip.isascii() else None
    if parts is None:
        return False
    born = _date(parts[1], "%Y%m%d")
    if born is None or not 16 <= today.year - born.year <= 100:
        return False
    if contract:
        return True
    start = _date(parts[2], "%Y%m")
    return start is not None and born.year + 16 <= start.year and start <= today


def shown(nip: str) -> str:
    """`YYYYMMDD YYYYMM S NNN`, as it stands on the identity card."""
    return f"{nip[:8]} {nip[8:14]} {nip[14]} {nip[15:]}"


def _date(digits: str, form: str) -> date | None:
    try:
        return datetime.strptime(digits, form).date()
    except ValueError:
        return None
