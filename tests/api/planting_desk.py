"""What belongs to the desk: whom it recorded, who sits there, and who does without face recognition."""

from collections.abc import Callable
from datetime import timedelta

from api.attendance.models import CheckIn
from api.biometrics.models import Objection
from api.core.policy import Role
from tests.api.canaries import Kind
from tests.world import Person, World


async def plant_desk(world: World, names: Callable[[Person, str, Kind], None]) -> None:
    """Who recorded a check-in is named to whoever may see it."""
    for key, by in (("employee", "desk_officer"), ("b:employee", "b:supervisor")):
        await CheckIn.filter(id=world[key].check_ins["by_hand"]).update(
            recorder_id=world[by].employee_id,
            record_reason=world.canaries.name(key, Kind.ATTENDANCE, "reason by hand"),
        )
        names(world[by], key, Kind.ATTENDANCE)
    _contacts(world)
    person = world["retired"]
    since = world.now - timedelta(days=9)
    await Objection.create(
        id=world.canaries.uuid(person.key, Kind.SECRET, "objection id"),
        agency_id=world.agencies[person.agency],
        employee_id=person.employee_id,
        raised_at=world.canaries.moment(person.key, Kind.OBJECTION, "objected", since),
    )


def _contacts(world: World) -> None:
    """Who may record somebody's presence is named to him: name, post and office, and no more."""
    canaries = world.canaries
    for by in world.people.values():
        if by.role not in (Role.SUPERVISOR, Role.DESK_OFFICER):
            continue
        known = {k for k in canaries.of(by.key, Kind.PERSON) if canaries.what[k] in ("name", "position")}
        known |= {k for k in canaries.of(f"unit:{by.unit}", Kind.UNIT) if canaries.what[k] == "name"}
        for person in world.of_agency(by.agency):
            if person is not by and world.covers(by.reach, person.unit):
                for value in known:
                    canaries.grounds[value].add((person.key, Kind.OWN))
