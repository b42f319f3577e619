"""Photographs of an enrolment, for its owner and for whoever may vouch for him now."""

from uuid import UUID

from api.biometrics import access
from api.core.context import Actor
from api.core.errors import NotFound


async def photo(actor: Actor, name: str) -> tuple[str, UUID]:
    """enrolments/<enrolment>/<number>; to others than the owner only while it waits for somebody's word."""
    row_id, _, number = name.partition("/")
    enrolment = await access.enrolment(actor, UUID(row_id))
    person = enrolment.employee.id
    if not number.isdecimal() or not (actor.owns(person) or access.awaits(enrolment)):
        raise NotFound
    return str(enrolment.photos[int(number)]["key"]), person
