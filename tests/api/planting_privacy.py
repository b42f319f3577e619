"""What was planted and is gone."""

import os
from datetime import timedelta

from api.biometrics.models import Erasure
from tests.api.canaries import Kind
from tests.world import Person, World


async def plant_erasure(world: World, person: Person) -> None:
    """Of an earlier consent."""
    canaries, key, at = world.canaries, person.key, world.now - timedelta(days=100)
    await Erasure.create(
        id=canaries.uuid(key, Kind.OWN, "erasure"),
        agency_id=world.agencies[person.agency],
        employee_id=person.employee_id,
        asked_at=canaries.moment(key, Kind.OWN, "erasure asked", at),
        gone_at=canaries.moment(key, Kind.OWN, "erasure complete", at),
        counts={"PRINTS": canaries.whole(key, Kind.OWN, "prints")},
        number=canaries.whole(key, Kind.OWN, "receipt"),
        digest=os.urandom(32),
    )
