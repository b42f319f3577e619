"""What the trail of the world holds: who looked at whom, and what an admin did for the whole agency."""

from collections.abc import Callable

from api.audit import service as audit
from api.audit.models import AuditEntry
from api.core.context import Actor
from tests.api.canaries import Kind
from tests.world import Person, World

LOOKS = [
    ("supervisor", "employee", "accepted"),
    ("hr_admin", "supervisor", "accepted"),
    ("hr_admin", "employee", "review"),
    ("other_supervisor", "colleague", "accepted"),
    ("b:supervisor", "b:employee", "accepted"),
]


async def plant_trail(world: World, names: Callable[[Person, str, Kind], None]) -> None:
    for by, subject, name in LOOKS:
        looked_at = f"frames/{world[subject].check_ins[name]}/0"
        object_name = f"{looked_at} {world.canaries.text(subject, Kind.TRAIL, 'object')}"
        await _note(world, world[by], subject, object_name)
        names(world[by], subject, Kind.TRAIL)
    for agency in world.agencies:
        by_admin = world["agency_admin" if agency == "a" else "b:agency_admin"]
        owner = f"agency:{agency}"
        await _note(world, by_admin, None, world.canaries.text(owner, Kind.TRAIL, "object"), owner)


async def _note(world: World, by: Person, subject: str | None, object_name: str, owner: str = "") -> None:
    c = world.canaries
    action = c.text(subject or owner, Kind.TRAIL, "action")
    about = world[subject].employee_id if subject else None
    await audit.note(_actor(world, by), action, subject_id=about, object_name=object_name)
    entry = await AuditEntry.filter(action=action).get()
    c.keep(str(entry.id), subject or owner, Kind.TRAIL, "entry")
    c.keep(f"at {entry.at.timestamp():.6f}", subject or owner, Kind.TRAIL, "time")


def _actor(world: World, person: Person) -> Actor:
    """Only as far as the trail needs it."""
    return Actor(
        account_id=person.account_id,
        employee_id=person.employee_id,
        agency_id=world.agencies[person.agency],
        unit_id=world.units[person.unit],
        unit_path="/",
        time_zone=world.places[person.unit].zone,
        grants=(),
        credential_id=person.session_id,
        expires_at=None,
    )
