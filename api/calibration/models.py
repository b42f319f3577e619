"""What was proposed, on which grounds, and who decided."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from api.core.identity import new_id
from api.people.models import Agency, Employee


class CalibrationState(StrEnum):
    PROPOSED = "PROPOSED"
    ACCEPTED = "ACCEPTED"
    DISMISSED = "DISMISSED"


class Calibration(Model):
    """One proposal for one agency and one face model."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "calibrations", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    made_at = fields.DatetimeField()
    model_id = fields.CharField(max_length=80)
    people = fields.IntField()
    #: False match rate aimed at, 0–1.
    target = fields.FloatField()
    #: Cosines: proposed, and in use when it was made.
    threshold = fields.FloatField()
    in_use = fields.FloatField()
    #: {"value", "low", "high", "trials"} at the proposed threshold.
    fmr: dict[str, Any] = fields.JSONField()
    fnmr: dict[str, Any] = fields.JSONField()
    #: Whether there were comparisons enough to show the target.
    provable = fields.BooleanField()
    #: Of the check-ins accepted in the ninety days before: how many, and how many lay below the proposal.
    accepted = fields.IntField()
    accepted_below = fields.IntField()
    #: SVG without scripts.
    curve = fields.TextField()
    scores = fields.TextField()
    state = fields.CharEnumField(CalibrationState, max_length=12, default=CalibrationState.PROPOSED)
    decided_at = fields.DatetimeField(null=True)
    decided_by: fields.ForeignKeyNullableRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "calibrations", null=True, on_delete=fields.RESTRICT
    )
    decided_by_id: UUID | None

    class Meta:
        table = "calibration"
        indexes = [("agency_id", "made_at"), ("decided_by_id",)]
