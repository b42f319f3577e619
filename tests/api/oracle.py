"""Who may see what, written down a second time and in another way than the product does it.

Nothing here is imported from the product but the names of the roles: where the two disagree, one is wrong.
"""

from functools import cached_property

from api.core.policy import Role
from tests.api.canaries import Ground, Kind
from tests.world import Person, World

#: What a role shows of the people under the unit it is held on.
SHOWN_BY_ROLE: dict[Role | None, frozenset[Kind]] = {
    None: frozenset(),
    Role.EMPLOYEE: frozenset(),
    Role.SUPERVISOR: frozenset({Kind.PERSON, Kind.UNIT, Kind.ATTENDANCE, Kind.EVIDENCE, Kind.FACE}),
    Role.HR_ADMIN: frozenset(
        {Kind.PERSON, Kind.UNIT, Kind.ATTENDANCE, Kind.EVIDENCE, Kind.FACE, Kind.OBJECTION, Kind.LIKENESS}
    ),
    Role.AGENCY_ADMIN: frozenset({Kind.PERSON, Kind.UNIT, Kind.ATTENDANCE, Kind.TRAIL, Kind.SETTING}),
    Role.AUDITOR: frozenset({Kind.PERSON, Kind.UNIT, Kind.ATTENDANCE, Kind.EVIDENCE, Kind.TRAIL}),
    Role.DESK_OFFICER: frozenset({Kind.PERSON, Kind.UNIT, Kind.ATTENDANCE}),
}

#: What everybody is shown of himself.
SHOWN_TO_ONESELF = frozenset(
    {Kind.PERSON, Kind.ATTENDANCE, Kind.EVIDENCE, Kind.FACE, Kind.TRAIL, Kind.OBJECTION, Kind.OWN}
)


class Oracle:
    def __init__(self, world: World, actor: Person | None) -> None:
        """No actor is a stranger; so is whoever is no longer in service."""
        self.world = world
        self._known: dict[Ground, bool] = {}
        self.actor = actor if actor is None or actor.active else None

    def over(self, unit: str, kind: Kind) -> bool:
        """Whether the actor's role shows him this kind of everybody in a unit."""
        actor = self.actor
        if actor is None or self._agency_of(unit) != actor.agency:
            return False
        return kind in SHOWN_BY_ROLE[actor.role] and self.world.covers(actor.reach, unit)

    def may(self, owner: str, kind: Kind) -> bool:
        if (owner, kind) not in self._known:
            self._known[owner, kind] = self._may(owner, kind)
        return self._known[owner, kind]

    def _may(self, owner: str, kind: Kind) -> bool:
        actor = self.actor
        if actor is None or kind is Kind.SECRET:
            return False
        sort, _, name = owner.partition(":")
        if sort == "agency":
            by_role = kind in (Kind.TRAIL, Kind.SETTING) and kind in SHOWN_BY_ROLE[actor.role]
            return actor.agency == name and (kind is Kind.AGENCY or by_role)
        if sort == "unit":
            return self.over(name, kind) or (kind is Kind.UNIT and actor.unit == name)
        if owner == actor.key:
            return kind in SHOWN_TO_ONESELF
        return self.over(self.world[owner].unit, kind)

    @cached_property
    def allowed(self) -> set[object]:
        """Every canary that the actor may be shown on at least one ground."""
        grounds = self.world.canaries.grounds
        return {key for key, known in grounds.items() if any(self.may(*ground) for ground in known)}

    def people(self, kind: Kind) -> set[str]:
        return {key for key in self.world.people if self.may(key, kind)}

    def _agency_of(self, unit: str) -> str:
        return "b" if unit.startswith("b:") else "a"
