"""Consent, enrolments and face templates. Templates and photographs are specific personal data (UU 27/2022, 4)."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from api.core.identity import new_id
from api.people.models import Agency, Employee


class Purpose(StrEnum):
    FACE_RECOGNITION = "FACE_RECOGNITION"


class EnrolmentState(StrEnum):
    NONE = "NONE"  #: never stored: the person has no enrolment
    STALE_MODEL = "STALE_MODEL"  #: never stored: in force, but of a face model that is no longer in use
    PENDING = "PENDING"
    AWAITING = "AWAITING"  #: the photographs are good; a person has yet to say whose face it is
    ACTIVE = "ACTIVE"
    REFUSED = "REFUSED"
    REPLACED = "REPLACED"  #: a later enrolment took its place


class VouchDecision(StrEnum):
    CONFIRM = "CONFIRM"
    REFUSE = "REFUSE"


class Consent(Model):
    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "consents", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    employee: fields.ForeignKeyRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "consents", on_delete=fields.RESTRICT
    )
    employee_id: UUID
    purpose = fields.CharEnumField(Purpose, max_length=32)
    version = fields.CharField(max_length=20)
    given_at = fields.DatetimeField()
    withdrawn_at = fields.DatetimeField(null=True)

    class Meta:
        table = "consent"
        indexes = [("employee_id", "purpose")]


class Objection(Model):
    """A person does without face recognition (UU 27/2022, 10): in force until he takes it back."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "objections", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    employee: fields.ForeignKeyRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "objections", on_delete=fields.RESTRICT
    )
    employee_id: UUID
    raised_at = fields.DatetimeField()
    taken_back_at = fields.DatetimeField(null=True)

    class Meta:
        table = "objection"
        indexes = [("employee_id",)]


class Enrolment(Model):
    """One to five photographs of a person, checked by the worker, of which the usable ones become templates."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "enrolments", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    employee: fields.ForeignKeyRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "enrolments", on_delete=fields.RESTRICT
    )
    employee_id: UUID
    state = fields.CharEnumField(EnrolmentState, max_length=16, default=EnrolmentState.PENDING)
    created_at = fields.DatetimeField()
    settled_at = fields.DatetimeField(null=True)
    model_id = fields.CharField(max_length=80, null=True)
    #: [{"key": object name, "accepted": bool | null, "reasons": [{"code", "level", "params"}]}]
    photos: list[dict[str, Any]] = fields.JSONField(default=list)

    #: Cosine from which on somebody else was looked for who is enrolled with this face; None: nobody could look.
    search_threshold = fields.FloatField(null=True)

    vouch_decision = fields.CharEnumField(VouchDecision, max_length=8, null=True)
    vouch_reason = fields.CharField(max_length=500, null=True)
    vouched_at = fields.DatetimeField(null=True)
    voucher: fields.ForeignKeyNullableRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "vouchings", null=True, on_delete=fields.RESTRICT
    )
    voucher_id: UUID | None
    likenesses: fields.ReverseRelation["Likeness"]

    class Meta:
        table = "enrolment"
        indexes = [("employee_id", "state")]


class ErasedKind(StrEnum):
    TEMPLATES = "TEMPLATES"
    ENROLMENT_PHOTOGRAPHS = "ENROLMENT_PHOTOGRAPHS"
    CHECK_IN_PHOTOGRAPHS = "CHECK_IN_PHOTOGRAPHS"
    PRINTS = "PRINTS"


class Erasure(Model):
    """What a withdrawal takes away. Complete, it is a receipt; a person has at most one that is not."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "erasures", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    employee: fields.ForeignKeyRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "erasures", on_delete=fields.RESTRICT
    )
    employee_id: UUID
    asked_at = fields.DatetimeField()
    gone_at = fields.DatetimeField(null=True)
    #: ErasedKind → how many.
    counts: dict[str, int] = fields.JSONField(default=dict)
    #: Objects of the store that no other row names and that may be there still; empty when complete.
    left_names: list[str] = fields.JSONField(default=list)
    #: Of the entry in the audit trail that holds the digest.
    number = fields.BigIntField(null=True)
    digest = fields.BinaryField(null=True)

    class Meta:
        table = "erasure"
        indexes = [("employee_id", "asked_at")]


class FacePack(Model):
    """A pack of models that a worker has opened; the one opened last is in use. Each installation has its own."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    model_id = fields.CharField(max_length=80, unique=True)
    liveness_model_id = fields.CharField(max_length=80, null=True)
    name = fields.CharField(max_length=200)
    #: The licence as its file begins; empty where the pack brings none.
    licence = fields.CharField(max_length=400, default="")
    #: [{"file", "sha256"}], of a pack that states them.
    files: list[dict[str, str]] = fields.JSONField(default=list)
    first_opened_at = fields.DatetimeField(auto_now_add=True)
    opened_at = fields.DatetimeField()

    class Meta:
        table = "face_pack"


class FaceTemplate(Model):
    """A sealed embedding: float32 little-endian, unit length, of the model named beside it."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "face_templates", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    employee: fields.ForeignKeyRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "templates", on_delete=fields.RESTRICT
    )
    employee_id: UUID
    enrolment: fields.ForeignKeyRelation[Enrolment] = fields.ForeignKeyField(
        "models.Enrolment", "templates", on_delete=fields.CASCADE
    )
    enrolment_id: UUID
    model_id = fields.CharField(max_length=80)
    sealed = fields.BinaryField()
    photo_key = fields.CharField(max_length=200)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "face_template"
        indexes = [("employee_id",), ("enrolment_id",)]


class FaceVector(Model):
    """A template as the database compares it: turned by a secret of the keyring (`turned.py`), 32-bit floats."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "face_vectors", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    employee: fields.ForeignKeyRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "face_vectors", on_delete=fields.RESTRICT
    )
    employee_id: UUID
    template: fields.OneToOneRelation[FaceTemplate] = fields.OneToOneField(
        "models.FaceTemplate", "vector", on_delete=fields.CASCADE
    )
    template_id: UUID
    #: Of the keyring, whose secret it was turned by.
    key_id = fields.CharField(max_length=64)
    turned = ArrayField("real")

    class Meta:
        table = "face_vector"
        indexes = [("employee_id",)]


class Likeness(Model):
    """Somebody else whom an enrolment's face resembles: for an HR admin, and gone when either withdraws."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "likenesses", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    enrolment: fields.ForeignKeyRelation[Enrolment] = fields.ForeignKeyField(
        "models.Enrolment", "likenesses", on_delete=fields.CASCADE
    )
    enrolment_id: UUID
    #: Who is enrolled with this face.
    employee: fields.ForeignKeyRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "likenesses", on_delete=fields.RESTRICT
    )
    employee_id: UUID
    #: Cosine of the nearest two.
    similarity = fields.FloatField()

    class Meta:
        table = "likeness"
        indexes = [("enrolment_id",), ("employee_id",)]
