"""Who did and saw what: append-only, which the database sees to, each chained to the one before it in its agency."""

from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from api.core.identity import new_id
from api.people.models import Agency, Employee


class AuditEntry(Model):
    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "audit_entries", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    number = fields.BigIntField()
    at = fields.DatetimeField()
    actor: fields.ForeignKeyNullableRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "audit_acts", null=True, on_delete=fields.RESTRICT
    )
    actor_id: UUID | None
    action = fields.CharField(max_length=64)
    subject: fields.ForeignKeyNullableRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "audit_mentions", null=True, on_delete=fields.RESTRICT
    )
    subject_id: UUID | None
    object_name = fields.CharField(max_length=300, default="")
    digest = fields.BinaryField()

    class Meta:
        table = "audit_entry"
        unique_together = (("agency", "number"),)
        indexes = [("agency_id", "subject_id")]
