"""Where duty is done, and who is assigned there when."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from api.core.identity import new_id
from api.people.models import Agency, Employee, Unit


class WorkMode(StrEnum):
    OFFICE = "OFFICE"
    HOME = "HOME"
    OFF_SITE = "OFF_SITE"


class DutyLocation(Model):
    """A circle: WGS 84 degrees and a radius in metres. `unit` is set for an office that serves a unit."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "duty_locations", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    unit: fields.ForeignKeyNullableRelation[Unit] = fields.ForeignKeyField(
        "models.Unit", "duty_locations", null=True, on_delete=fields.RESTRICT
    )
    unit_id: UUID | None
    name = fields.CharField(max_length=200)
    kind = fields.CharEnumField(WorkMode, max_length=16, default=WorkMode.OFFICE)
    latitude = fields.FloatField()
    longitude = fields.FloatField()
    radius_metres = fields.IntField()

    class Meta:
        table = "duty_location"
        indexes = [("agency_id",), ("unit_id",)]


class SiteDisturbance(Model):
    """Many check-ins failed at a place together, so that flags of this time are held back there.

    From `since` on, up to and without `until`, which moves on while they go on failing.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "site_disturbances", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    location: fields.ForeignKeyRelation[DutyLocation] = fields.ForeignKeyField(
        "models.DutyLocation", "disturbances", on_delete=fields.RESTRICT
    )
    location_id: UUID
    since = fields.DatetimeField()
    until = fields.DatetimeField()

    class Meta:
        table = "site_disturbance"
        indexes = [("agency_id", "until"), ("location_id", "until")]


class DutyAssignment(Model):
    """A person may check in at a location from a day until a day (inclusive; open when empty)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "duty_assignments", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    employee: fields.ForeignKeyRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "duties", on_delete=fields.RESTRICT
    )
    employee_id: UUID
    location: fields.ForeignKeyRelation[DutyLocation] = fields.ForeignKeyField(
        "models.DutyLocation", "assignments", on_delete=fields.RESTRICT
    )
    location_id: UUID
    valid_from = fields.DateField()
    valid_until = fields.DateField(null=True)

    class Meta:
        table = "duty_assignment"
        indexes = [("employee_id", "valid_from"), ("location_id",)]
