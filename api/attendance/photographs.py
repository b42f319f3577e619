"""Photographs that belong to a check-in, for whoever may see its faces now."""

from uuid import UUID

from api.attendance import access
from api.biometrics import access as biometrics
from api.core.context import Actor
from api.core.errors import NotFound
from api.core.policy import Permission


async def frame(actor: Actor, name: str) -> tuple[str, UUID]:
    """frames/<check-in>/<number>"""
    row_id, _, number = name.partition("/")
    check_in = await access.check_in(actor, UUID(row_id), Permission.READ_PHOTOGRAPHS)
    if not number.isdecimal():
        raise NotFound
    return check_in.frames[int(number)], check_in.employee.id


async def template(actor: Actor, name: str) -> tuple[str, UUID]:
    """templates/<check-in>/0: the enrolment photograph beside which the check-in is held."""
    row_id = name.partition("/")[0]
    check_in = await access.check_in(actor, UUID(row_id), Permission.READ_PHOTOGRAPHS)
    found = await biometrics.templates(check_in.employee.id).first()
    if found is None:
        raise NotFound
    return found.photo_key, check_in.employee.id
