"""Planting the world: rows for everybody in every state, each value once and with its grounds."""

import hashlib
import os
from datetime import UTC, datetime, timedelta

from api import agency_rules
from api.accounts.models import Account, Credential
from api.attendance.models import (
    AttendanceDay,
    CheckIn,
    CheckInNonce,
    CheckInState,
    GoneReason,
    Presence,
    ReviewDecision,
)
from api.core import database, outbox
from api.core.crypto import Keyring
from api.core.storage import Storage
from api.people.models import Agency, Employee, RoleAssignment, Unit
from api.people.time import today_in
from api.sites.models import DutyAssignment, DutyLocation, SiteDisturbance, WorkMode
from tests.api.canaries import Kind
from tests.api.planting_desk import plant_desk
from tests.api.planting_faces import plant_face, plant_likenesses, plant_word
from tests.api.planting_privacy import plant_erasure
from tests.api.planting_proposals import plant_calibrations, plant_pack
from tests.api.planting_trail import plant_trail
from tests.world import PLACES, Person, Place, World, cast, jpeg

OFFICE = (-6.2, 106.8)
#: Parts of an office that a check-in shows of it.
FIGURES = ("at", "size", "yaw", "nose", "eyes", "alike", "likeness")
PLACE_VALUES = {"location", "location name", "latitude", "longitude"}
#: Units whose office is disturbed, until how long from now. Nobody of the cast checks in at the lasting ones.
DISTURBED = {
    "office": timedelta(minutes=-1),
    "b:office": timedelta(minutes=-1),
    "neighbour": timedelta(hours=1),
    "b:root": timedelta(hours=1),
}


async def plant(keyring: Keyring, storage: Storage) -> World:
    """Fill an empty, open database."""
    world = World(now=datetime.now(UTC).replace(microsecond=0))
    planter = _Planter(world, keyring, storage)
    await planter.agencies()
    for person in cast():
        await planter.person(person)
    for person in world.people.values():
        await planter.past(person)
    await planter.decisions()
    await plant_desk(world, planter.names)
    await planter.repetition()
    # Of these two HR may see one: the other is out of its reach.
    await plant_likenesses(world, world["colleague"], [world["employee"], world["easterner"]])
    await plant_trail(world, planter.names)
    await plant_pack(world)
    await plant_calibrations(world, planter.names)
    return world


class _Planter:
    def __init__(self, world: World, keyring: Keyring, storage: Storage) -> None:
        self.world, self.keyring, self.storage = world, keyring, storage
        self.c, self.now = world.canaries, world.now

    async def agencies(self) -> None:
        for key, places in PLACES.items():
            owner = f"agency:{key}"
            agency = await Agency.create(
                id=self.c.uuid(owner, Kind.AGENCY, "id"),
                name=self.c.name(owner, Kind.AGENCY, "name"),
                short_name=self.c.text(owner, Kind.AGENCY, "short name"),
            )
            self.world.agencies[key] = agency.id
            await agency_rules.write(
                agency,
                "working_hours",
                {"starts": ["07:30"] * 7},
                valid_from=self.now.date() - timedelta(days=400),
                source=self.c.text(owner, Kind.SECRET, "source"),
            )
            await agency_rules.write(
                agency, "challenge", {"mode": "PASSIVE"}, valid_from=self.now.date() - timedelta(days=400)
            )
            paths: dict[str | None, str] = {None: "/"}
            for place in places:
                paths[place.key] = f"{paths[place.under]}{place.code}/"
                await self._unit(key, place, paths[place.key])

    async def _unit(self, agency: str, place: Place, path: str) -> None:
        owner = f"unit:{place.key}"
        self.world.places[place.key] = place
        self.world.units[place.key] = self.c.uuid(owner, Kind.UNIT, "id")
        if place.under:
            # A unit names the one above it.
            self.c.also(self.world.units[place.under], owner, Kind.UNIT)
        await Unit.create(
            id=self.world.units[place.key],
            agency_id=self.world.agencies[agency],
            parent_id=self.world.units[place.under] if place.under else None,
            code=place.code,
            name=self.c.name(owner, Kind.UNIT, "name"),
            path=path,
            time_zone=place.zone,
        )
        await self._location(agency, place.key, f"unit:{place.key}", WorkMode.OFFICE, *OFFICE)
        if place.key in DISTURBED:
            # One that is over is shown with the evidence of those who checked in then.
            lasts = DISTURBED[place.key] > timedelta(0)
            await SiteDisturbance.create(
                id=self.c.uuid(owner, Kind.UNIT if lasts else Kind.EVIDENCE, "disturbance"),
                agency_id=self.world.agencies[agency],
                location_id=self.world.locations[place.key],
                since=self.now - timedelta(hours=2),
                until=self.now + DISTURBED[place.key],
            )

    async def _location(
        self, agency: str, key: str, owner: str, kind: WorkMode, latitude: float, longitude: float
    ) -> None:
        level = Kind.UNIT if kind is WorkMode.OFFICE else Kind.EVIDENCE
        self.world.locations[key] = self.c.uuid(owner, level, "location")
        await DutyLocation.create(
            id=self.world.locations[key],
            agency_id=self.world.agencies[agency],
            unit_id=self.world.units[key] if kind is WorkMode.OFFICE else None,
            name=self.c.name(owner, level, "location name"),
            kind=kind,
            latitude=self.c.real(owner, level, "latitude", latitude),
            longitude=self.c.real(owner, level, "longitude", longitude),
            radius_metres=150,
        )

    async def person(self, person: Person) -> None:
        world, key = self.world, person.key
        world.people[key] = person
        person.employee_id = self.c.uuid(key, Kind.PERSON, "id")
        person.name = self.c.name(key, Kind.PERSON, "name")
        person.nip = self.c.nip(key, Kind.PERSON)
        agency_id = world.agencies[person.agency]
        await Employee.create(
            id=person.employee_id,
            agency_id=agency_id,
            unit_id=world.units[person.unit],
            supervisor_id=world[person.superior].employee_id if person.superior else None,
            nip=person.nip,
            name=person.name,
            position=self.c.name(key, Kind.PERSON, "position"),
            active=person.active,
        )
        if person.role:
            await RoleAssignment.create(
                agency_id=agency_id,
                employee_id=person.employee_id,
                unit_id=world.units[person.reach] if person.reach else None,
                role=person.role,
                valid_from=self.now.date() - timedelta(days=100),
            )
        await self._account(person)
        await self._duty(person)
        await plant_face(self.world, person, self.keyring, self.storage)
        await plant_erasure(self.world, person)

    async def _account(self, person: Person) -> None:
        key, agency_id = person.key, self.world.agencies[person.agency]
        account = await Account.create(
            id=person.account_id,
            agency_id=agency_id,
            employee_id=person.employee_id,
            password_hash=self.c.text(key, Kind.SECRET, "password hash"),
        )
        person.token, person.api_token = (
            self.c.text(key, Kind.SECRET, "token") + os.urandom(16).hex() for _ in "12"
        )
        person.session_id = self.c.uuid(key, Kind.OWN, "session")
        person.api_token_id = self.c.uuid(key, Kind.OWN, "API token")
        common = {"agency_id": agency_id, "account": account, "last_seen_at": self.now}
        await Credential.create(
            **common,
            id=person.session_id,
            digest=hashlib.sha256(person.token.encode()).digest(),
            device=self.c.text(key, Kind.OWN, "device"),
            created_at=self.c.moment(key, Kind.OWN, "session begun", self.now - timedelta(hours=1)),
            expires_at=self.c.moment(key, Kind.OWN, "session end", self.now + timedelta(hours=12)),
        )
        await Credential.create(
            **common,
            id=person.api_token_id,
            digest=hashlib.sha256(person.api_token.encode()).digest(),
            token_name=self.c.text(key, Kind.OWN, "token name"),
            created_at=self.c.moment(key, Kind.OWN, "token made", self.now - timedelta(days=1)),
            expires_at=self.c.moment(key, Kind.OWN, "token end", self.now + timedelta(days=30)),
        )
        person.nonce = self.c.text(key, Kind.SECRET, "nonce") + os.urandom(16).hex()
        await CheckInNonce.create(
            agency_id=agency_id, employee_id=person.employee_id, kind="IN", frames=8,
            digest=hashlib.sha256(person.nonce.encode()).digest(),
            issued_at=self.now, expires_at=self.now + timedelta(hours=1),
        )  # fmt: skip

    async def _duty(self, person: Person) -> None:
        home = f"home:{person.key}"
        await self._location(person.agency, home, person.key, WorkMode.HOME, -6.5, 106.5)
        for location in (person.unit, home):
            await DutyAssignment.create(
                id=self.c.uuid(person.key, Kind.OWN, "assignment"),
                agency_id=self.world.agencies[person.agency],
                employee_id=person.employee_id,
                location_id=self.world.locations[location],
                valid_from=self.now.date() - timedelta(days=100),
                valid_until=self.now.date() + timedelta(days=100),
            )

    async def past(self, person: Person) -> None:
        """Check-ins in every state, and the days made of them."""
        today = [("accepted", CheckInState.ACCEPTED), ("pending", CheckInState.PENDING)]
        before = [("review", CheckInState.REVIEW), ("home", CheckInState.ACCEPTED)]
        if person.key in ("employee", "b:employee"):
            today += [("flagged", CheckInState.FLAGGED)]
            before += [("refused", CheckInState.REFUSED), ("decided", CheckInState.ACCEPTED)]
            before += [("bare", CheckInState.ACCEPTED)]
            before += [("by_hand", CheckInState.ACCEPTED)]
        if person.key in ("supervisor", "colleague"):
            before += [("decided", CheckInState.ACCEPTED)]
        for back, made in enumerate((today, before)):
            for name, state in made:
                await self._check_in(person, name, state, back)
            await self._day(person, back)

    async def _check_in(self, person: Person, name: str, state: CheckInState, back: int) -> None:
        key, agency_id = person.key, self.world.agencies[person.agency]
        here = f"home:{key}" if name == "home" else person.unit
        at = self.now - timedelta(days=back, minutes=5)
        settled = state is not CheckInState.PENDING
        check_in_id = self.c.uuid(key, Kind.ATTENDANCE, f"{name} check-in")
        person.check_ins[name] = check_in_id
        folder = f"frames/{agency_id}/{self.c.text(key, Kind.SECRET, 'frames')}"
        gone = name == "bare"
        for number in range(0 if gone else 2):
            await self.storage.put(f"{folder}/{number}", jpeg(f"{name} {number} of {key}"))
        if not gone:
            self.c.photo(key, f"frames/{check_in_id}")
        self.c.photo(key, f"templates/{check_in_id}")
        fixes = [] if gone else [self._fix(key, at, settled)]
        contested = name == "flagged"
        await CheckIn.create(
            id=check_in_id,
            agency_id=agency_id,
            employee_id=person.employee_id,
            unit_id=self.world.units[person.unit],
            kind="OUT" if name == "flagged" else "IN",
            state=state,
            day=today_in(self.world.places[person.unit].zone, self.now) - timedelta(days=back),
            received_at=self.c.moment(key, Kind.ATTENDANCE, f"{name} received", at),
            settled_at=self.c.moment(key, Kind.ATTENDANCE, f"{name} settled", at) if settled else None,
            idempotency_key=self.c.text(key, Kind.SECRET, "idempotency key") + "-0123456789",
            content_digest=os.urandom(32),
            frames=[f"{folder}/{number}" for number in range(0 if gone else 2)],
            frames_gone_at=self.c.moment(key, Kind.EVIDENCE, "frames gone", at) if gone else None,
            frames_gone_why=GoneReason.RETENTION if gone else None,
            fixes=fixes,
            latitude=fixes[0]["latitude"] if fixes else None,
            longitude=fixes[0]["longitude"] if fixes else None,
            positions_gone_at=self.c.moment(key, Kind.EVIDENCE, "fixes gone", at) if gone else None,
            device_id=self.c.text(key, Kind.SECRET, "device"),
            device_time=self.now,
            reasons=self._reasons(key) if settled else [],
            evidence=self._evidence(key) if settled else {},
            location_id=self.world.locations[here] if settled else None,
            receipt=self.c.text(key, Kind.ATTENDANCE, "receipt") if settled else None,
            contested_at=self.c.moment(key, Kind.ATTENDANCE, "contested", at) if contested else None,
            contest_reason=self.c.name(key, Kind.ATTENDANCE, "contest") if contested else None,
        )
        if settled:
            self._shows_place(person, here)
        else:
            async with database.transaction() as using:
                await outbox.record(using, "verify_check_in", check_in_id)

    def _shows_place(self, person: Person, here: str) -> None:
        """An office is no secret to whoever may see a check-in held against it."""
        if not here.startswith("home:"):
            for value in self.c.of(f"unit:{here}", Kind.UNIT) & self._place_values(here):
                self.c.also(value, person.key, Kind.ATTENDANCE)
            for value in self.c.of(f"unit:{here}", Kind.EVIDENCE):
                self.c.also(value, person.key, Kind.EVIDENCE)

    def _place_values(self, here: str) -> set[object]:
        return {k for k in self.c.of(f"unit:{here}", Kind.UNIT) if self.c.what[k] in PLACE_VALUES}

    def _fix(self, key: str, at: datetime, settled: bool) -> dict[str, object]:
        """Shown once it was judged, and not before."""
        kind = Kind.EVIDENCE if settled else Kind.SECRET
        real = {
            name: self.c.real(key, kind, f"fix {name}", base)
            for name, base in (
                ("latitude", -6.2), ("longitude", 106.8), ("accuracy", 8.0),
                ("altitude", 20.0), ("speed", 1.0), ("heading", 90.0),
            )
        }  # fmt: skip
        return {**real, "time": self.c.moment(key, kind, "fix time", at).isoformat()}

    def _reasons(self, key: str) -> list[dict[str, object]]:
        params = {"distance_m": self.c.whole(key, Kind.EVIDENCE, "distance in a reason"), "radius_m": 150}
        return [{"code": "POSITION_INSIDE", "level": "INFO", "params": params}]

    def _evidence(self, key: str) -> dict[str, object]:
        def real(what: str) -> float:
            return self.c.real(key, Kind.EVIDENCE, what)

        def text(what: str) -> str:
            return self.c.text(key, Kind.EVIDENCE, what)

        return {
            "face": {
                "similarity": real("similarity"), "threshold": real("threshold"), "matched": True,
                "liveness": real("liveness"), "livenessThreshold": real("liveness threshold"),
                "modelId": text("model"), "livenessModelId": text("liveness model"),
            },
            "position": {
                "result": "INSIDE", "distance": real("distance"), "accuracy": real("accuracy"),
                "speed": real("speed"), "bestFix": 0, "score": 0.0, "level": "INFO",
            },
            "moves": {
                "asked": [{"move": "BLINK", "seen": True}],
                "frames": [
                    {name: real(f"frame's {name}") for name in FIGURES} | {"faces": 1, "shown": "BLINK"}
                ],
            },
        }  # fmt: skip

    async def _day(self, person: Person, back: int) -> None:
        key, at = person.key, self.now - timedelta(days=back)

        def moment(what: str) -> datetime:
            return self.c.moment(key, Kind.ATTENDANCE, f"day {back} {what}", at)

        await AttendanceDay.create(
            agency_id=self.world.agencies[person.agency],
            employee_id=person.employee_id,
            day=today_in(self.world.places[person.unit].zone, self.now) - timedelta(days=back),
            presence=Presence.OUT,
            in_at=moment("in"),
            out_at=moment("out"),
            late_minutes=self.c.whole(key, Kind.ATTENDANCE, f"day {back} late"),
            flagged=True,
            needs_review=True,
            check_in_id=person.check_ins["review" if back else "accepted"],
            last_change_at=moment("changed"),
        )

    async def repetition(self) -> None:
        """A photograph that somebody of another unit sent first: named to whoever may see both check-ins."""
        row = await CheckIn.get(id=self.world["employee"].check_ins["review"])
        earlier = self.world["colleague"].check_ins["accepted"]
        await CheckIn.filter(id=row.id).update(
            superseded_by_id=self.world["employee"].check_ins["accepted"],
            evidence={**row.evidence, "face": {**row.evidence["face"], "resembles": str(earlier)}},  # type: ignore[dict-item]
        )

    async def decisions(self) -> None:
        """Who decided is named to whoever may see the check-in; who vouched, to the person concerned."""
        for key, by in (("employee", "hr_admin"), ("supervisor", "hr_admin"), ("colleague", "hr_admin"),
                        ("b:employee", "b:supervisor")):  # fmt: skip
            decider = self.world[by]
            await CheckIn.filter(id=self.world[key].check_ins["decided"]).update(
                review_decision=ReviewDecision.CONFIRM,
                review_reason=self.c.name(key, Kind.ATTENDANCE, "review"),
                reviewed_at=self.c.moment(key, Kind.ATTENDANCE, "reviewed", self.now),
                reviewer_id=decider.employee_id,
            )
            self.names(decider, key, Kind.ATTENDANCE)
            await plant_word(self.world, self.world[key], decider)
            self.names(decider, key, Kind.OWN)

    def names(self, named: Person, owner: str, kind: Kind) -> None:
        """Person and office of somebody who is named to whoever may see `kind` of `owner`."""
        known = self.c.of(named.key, Kind.PERSON) | (
            self.c.of(f"unit:{named.unit}", Kind.UNIT) - self._place_values(named.unit)
        )
        for value in known:
            self.c.grounds[value].add((owner, kind))
