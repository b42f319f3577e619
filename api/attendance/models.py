"""Check-ins with their evidence, the nonces that admit them, and the day that is made of them."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from api.biometrics.models import Enrolment
from api.core.identity import new_id
from api.people.models import Agency, Employee, Unit
from api.sites.models import DutyLocation


class CheckInKind(StrEnum):
    IN = "IN"
    OUT = "OUT"


class CheckInState(StrEnum):
    PENDING = "PENDING"
    ACCEPTED = "ACCEPTED"
    FLAGGED = "FLAGGED"
    REVIEW = "REVIEW"
    REFUSED = "REFUSED"
    SUPERSEDED = "SUPERSEDED"  #: a later check-in with moves took its place


class Presence(StrEnum):
    NOT_IN = "NOT_IN"
    PENDING = "PENDING"
    IN = "IN"
    OUT = "OUT"


class ReviewDecision(StrEnum):
    CONFIRM = "CONFIRM"
    REJECT = "REJECT"


class CheckInMethod(StrEnum):
    FACE = "FACE"
    BY_HAND = "BY_HAND"


class GoneReason(StrEnum):
    WITHDRAWN = "WITHDRAWN"
    RETENTION = "RETENTION"


class CheckInNonce(Model):
    """Permission for one submission by one person, spent once. Only its SHA-256 is kept."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "check_in_nonces", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    employee: fields.ForeignKeyRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "check_in_nonces", on_delete=fields.RESTRICT
    )
    employee_id: UUID
    digest = fields.BinaryField()
    kind = fields.CharEnumField(CheckInKind, max_length=4)
    frames = fields.SmallIntField()
    #: The moves asked for, in their order; none where a look is enough.
    moves: list[str] = fields.JSONField(default=list, db_default=[])
    #: The check-in in whose place the moves are made.
    supersedes_id = fields.UUIDField(null=True)
    issued_at = fields.DatetimeField()
    expires_at = fields.DatetimeField()
    spent_at = fields.DatetimeField(null=True)

    class Meta:
        table = "check_in_nonce"
        indexes = [("expires_at",)]


class CheckIn(Model):
    """One accepted submission. What the phone said is kept as said; the verdict is ours."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "check_ins", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    employee: fields.ForeignKeyRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "check_ins", on_delete=fields.RESTRICT
    )
    employee_id: UUID
    # The one that the person belonged to then.
    unit: fields.ForeignKeyRelation[Unit] = fields.ForeignKeyField(
        "models.Unit", "check_ins", on_delete=fields.RESTRICT
    )
    unit_id: UUID
    kind = fields.CharEnumField(CheckInKind, max_length=4)
    state = fields.CharEnumField(CheckInState, max_length=10, default=CheckInState.PENDING)
    #: The unit's local day of `received_at`.
    day = fields.DateField()
    received_at = fields.DatetimeField()
    settled_at = fields.DatetimeField(null=True)

    idempotency_key = fields.CharField(max_length=64)
    #: SHA-256 of the submission, to tell a repetition from another content under the same key.
    content_digest = fields.BinaryField()
    #: Names of the frames' objects; none once the photographs are gone.
    frames: list[str] = fields.JSONField()
    frames_gone_at = fields.DatetimeField(null=True)
    frames_gone_why = fields.CharEnumField(GoneReason, max_length=10, null=True)
    #: As sent: latitude, longitude, accuracy, altitude, speed, heading, time (ISO 8601).
    fixes: list[dict[str, object]] = fields.JSONField()
    #: The nonce's.
    moves: list[str] = fields.JSONField(default=list, db_default=[])
    #: The check-in in whose place this one was made, and the one that was made in place of this and passed.
    supersedes_id = fields.UUIDField(null=True)
    superseded_by_id = fields.UUIDField(null=True)
    #: When each frame was taken, as the device says (ISO 8601, in server time); none where it did not say.
    captured: list[str] = fields.JSONField(default=list, db_default=[])
    #: Since when fixes, latitude and longitude are kept no longer.
    positions_gone_at = fields.DatetimeField(null=True)
    latitude = fields.FloatField(null=True)
    longitude = fields.FloatField(null=True)
    device_id = fields.CharField(max_length=64, default="")
    device_kind = fields.CharField(max_length=8, default="PHONE")
    device_time = fields.DatetimeField(null=True)

    #: [{"code", "level", "params"}], gravest first.
    reasons: list[dict[str, object]] = fields.JSONField(default=list)
    #: {"face": …, "position": …}: scores with the thresholds and model ids that judged them.
    evidence: dict[str, object] = fields.JSONField(default=dict)
    location: fields.ForeignKeyNullableRelation[DutyLocation] = fields.ForeignKeyField(
        "models.DutyLocation", "check_ins", null=True, on_delete=fields.RESTRICT
    )
    location_id: UUID | None
    receipt = fields.CharField(max_length=16, null=True)

    #: Who recorded it by hand, and why; None for what was checked by face. Never the person himself.
    recorder: fields.ForeignKeyNullableRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "recorded", null=True, on_delete=fields.RESTRICT
    )
    recorder_id: UUID | None
    record_reason = fields.CharField(max_length=500, null=True)

    contested_at = fields.DatetimeField(null=True)
    contest_reason = fields.CharField(max_length=500, null=True)
    review_decision = fields.CharEnumField(ReviewDecision, max_length=8, null=True)
    review_reason = fields.CharField(max_length=500, null=True)
    reviewed_at = fields.DatetimeField(null=True)
    reviewer: fields.ForeignKeyNullableRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "reviews", null=True, on_delete=fields.RESTRICT
    )
    reviewer_id: UUID | None

    @property
    def method(self) -> CheckInMethod:
        return CheckInMethod.FACE if self.recorder_id is None else CheckInMethod.BY_HAND

    class Meta:
        table = "check_in"
        unique_together = (("employee", "idempotency_key"),)


class FramePrint(Model):
    """By what a photograph of a check-in or of an enrolment is known when it is sent again.

    The print is drawn from the face and goes in its time, or when consent is withdrawn; the digest tells of a
    file only.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "frame_prints", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    employee: fields.ForeignKeyRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "frame_prints", on_delete=fields.RESTRICT
    )
    employee_id: UUID
    #: Of the two, one is given.
    check_in: fields.ForeignKeyNullableRelation[CheckIn] = fields.ForeignKeyField(
        "models.CheckIn", "prints", null=True, on_delete=fields.RESTRICT
    )
    check_in_id: UUID | None
    enrolment: fields.ForeignKeyNullableRelation[Enrolment] = fields.ForeignKeyField(
        "models.Enrolment", "prints", null=True, on_delete=fields.RESTRICT
    )
    enrolment_id: UUID | None
    #: Which of its photographs, from 0.
    frame = fields.SmallIntField()
    #: When the check-in was received, or the enrolment made.
    received_at = fields.DatetimeField()
    #: SHA-256 of the photograph as it is kept.
    digest = fields.BinaryField()
    #: 256 signs, then what the worker needs to find the face again; None without a face or a valid consent.
    print = fields.BinaryField(null=True)

    class Meta:
        table = "frame_print"
        unique_together = (("check_in", "frame"), ("enrolment", "frame"))
        indexes = [("agency_id", "digest"), ("employee_id", "received_at")]


class AttendanceDay(Model):
    """The live state of a person's day, derived from the day's check-ins whenever one of them changes."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "attendance_days", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    employee: fields.ForeignKeyRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "days", on_delete=fields.RESTRICT
    )
    employee_id: UUID
    day = fields.DateField()
    presence = fields.CharEnumField(Presence, max_length=8, default=Presence.NOT_IN)
    in_at = fields.DatetimeField(null=True)
    out_at = fields.DatetimeField(null=True)
    late_minutes = fields.IntField(default=0)
    flagged = fields.BooleanField(default=False)
    needs_review = fields.BooleanField(default=False)
    #: A check-in that counts was recorded by hand.
    by_hand = fields.BooleanField(db_default=False)
    #: The check-in to look at first: one that waits for a person, else one that is marked, else the latest.
    check_in_id = fields.UUIDField(null=True)
    last_change_at = fields.DatetimeField()

    class Meta:
        table = "attendance_day"
        unique_together = (("employee", "day"),)
        indexes = [("agency_id", "day")]
