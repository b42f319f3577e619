"""What the people of the world have given of their faces, and what became of it."""

from datetime import timedelta

from api.biometrics.consent import VERSION
from api.biometrics.models import (
    Consent,
    Enrolment,
    EnrolmentState,
    FaceTemplate,
    Likeness,
    Purpose,
    VouchDecision,
)
from api.biometrics.sealing import belongs_to
from api.core.crypto import Keyring
from api.core.storage import Storage
from tests.api.canaries import Kind
from tests.world import MODEL, Person, World, jpeg, vector


async def plant_face(world: World, person: Person, keyring: Keyring, storage: Storage) -> None:
    """A consent, an enrolment of each sort, and the template of the one in force."""
    c, now = world.canaries, world.now
    key, agency_id = person.key, world.agencies[person.agency]
    common = {"agency_id": agency_id, "employee_id": person.employee_id}
    given = c.moment(key, Kind.OWN, "consent", now - timedelta(days=90))
    await Consent.create(
        **common, id=c.uuid(key, Kind.SECRET, "consent id"), purpose=Purpose.FACE_RECOGNITION,
        version=VERSION, given_at=given,
    )  # fmt: skip
    for state in (EnrolmentState.REFUSED, EnrolmentState.AWAITING, EnrolmentState.ACTIVE):
        # What waits for a person's word is shown to whoever may give it.
        kind = Kind.FACE if state is EnrolmentState.AWAITING else Kind.OWN
        photo = f"enrolments/{agency_id}/{person.employee_id}/{c.text(key, Kind.SECRET, 'key')}/0"
        await storage.put(photo, jpeg(f"enrolment {state.value} of {key}"))
        params = {"count": c.whole(key, kind, "faces")}
        enrolment = await Enrolment.create(
            **common,
            id=c.uuid(key, kind, "enrolment"),
            state=state,
            created_at=c.moment(key, kind, "enrolled", now - timedelta(days=80)),
            settled_at=now - timedelta(days=80),
            model_id=c.text(key, kind, "enrolment model"),
            photos=[
                {
                    "key": photo,
                    "accepted": state is not EnrolmentState.REFUSED,
                    "reasons": [{"code": "SEVERAL_FACES", "level": "REVIEW", "params": params}],
                }
            ],
        )
        person.enrolments[state.value.lower()] = enrolment.id
        c.photo(key, f"enrolments/{enrolment.id}", kind)
    template_id = c.uuid(key, Kind.SECRET, "template")
    bound = belongs_to(template_id, person.employee_id)
    await FaceTemplate.create(
        **common,
        id=template_id,
        enrolment_id=person.enrolments["active"],
        model_id=MODEL,
        sealed=keyring.seal(vector(key), belongs_to=bound),
        photo_key=photo,
    )


async def plant_word(world: World, person: Person, voucher: Person) -> None:
    """What somebody said of the enrolment in force."""
    await Enrolment.filter(id=person.enrolments["active"]).update(
        vouch_decision=VouchDecision.CONFIRM,
        vouch_reason=world.canaries.name(person.key, Kind.OWN, "vouching"),
        vouched_at=world.canaries.moment(person.key, Kind.OWN, "vouched", world.now),
        voucher_id=voucher.employee_id,
    )


async def plant_likenesses(world: World, enrolled: Person, found: list[Person]) -> None:
    """Others who are found with the face of what waits for a person's word."""
    waiting = enrolled.enrolments["awaiting"]
    await Enrolment.filter(id=waiting).update(search_threshold=0.55)
    for other in found:
        await Likeness.create(
            agency_id=world.agencies[enrolled.agency],
            enrolment_id=waiting,
            employee_id=other.employee_id,
            similarity=world.canaries.real(enrolled.key, Kind.LIKENESS, f"likeness of {other.key}", 0.7),
        )
