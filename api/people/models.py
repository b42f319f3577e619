"""Agencies, their units and people, and who holds which role where."""

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from api.core.identity import new_id
from api.core.policy import Role


class Agency(Model):
    """A tenant: a ministry, a regional government, a private body."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    name = fields.CharField(max_length=200)
    short_name = fields.CharField(max_length=40, unique=True)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "agency"


class RuleTopic(StrEnum):
    """What an agency's rule is about. What its parameters mean is written in `api/agency_rules.py`."""

    FACE = "face"
    POSITION = "position"
    WORKING_HOURS = "working_hours"
    DESK = "desk"
    MOVES = "moves"
    CHALLENGE = "challenge"
    RETENTION = "retention"
    VOUCHING = "vouching"


class AgencyRule(Model):
    """A rule that differs between agencies: parameters of a topic, valid from a day until a day (inclusive)."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "rules", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    topic = fields.CharEnumField(RuleTopic, max_length=32)
    parameters: dict[str, object] = fields.JSONField()
    valid_from = fields.DateField()
    valid_until = fields.DateField(null=True)
    source = fields.CharField(max_length=200, default="")

    class Meta:
        table = "agency_rule"
        indexes = [("agency_id", "topic", "valid_from")]


class Unit(Model):
    """A node of the agency's tree of offices.

    `path` is made of the codes from the root down, "/31/3171/": a subtree is a prefix.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "units", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    parent: fields.ForeignKeyNullableRelation["Unit"] = fields.ForeignKeyField(
        "models.Unit", "children", null=True, on_delete=fields.RESTRICT
    )
    parent_id: UUID | None
    code = fields.CharField(max_length=16)
    name = fields.CharField(max_length=200)
    path = fields.CharField(max_length=255)
    time_zone = fields.CharField(max_length=40, default="Asia/Jakarta")

    class Meta:
        table = "unit"
        unique_together = (("agency", "code"), ("agency", "path"))


class Employee(Model):
    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "employees", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    unit: fields.ForeignKeyRelation[Unit] = fields.ForeignKeyField(
        "models.Unit", "employees", on_delete=fields.RESTRICT
    )
    unit_id: UUID
    supervisor: fields.ForeignKeyNullableRelation["Employee"] = fields.ForeignKeyField(
        "models.Employee", "reports", null=True, on_delete=fields.RESTRICT
    )
    supervisor_id: UUID | None
    nip = fields.CharField(max_length=18, unique=True)
    name = fields.CharField(max_length=200)
    position = fields.CharField(max_length=200, default="")
    active = fields.BooleanField(default=True)

    class Meta:
        table = "employee"
        indexes = [("unit_id", "name"), ("agency_id", "name")]


class RoleAssignment(Model):
    """A role held on a unit's subtree, or on the whole agency when `unit` is empty, for a time."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "role_assignments", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    employee: fields.ForeignKeyRelation[Employee] = fields.ForeignKeyField(
        "models.Employee", "roles", on_delete=fields.RESTRICT
    )
    employee_id: UUID
    unit: fields.ForeignKeyNullableRelation[Unit] = fields.ForeignKeyField(
        "models.Unit", "roles", null=True, on_delete=fields.RESTRICT
    )
    unit_id: UUID | None
    role = fields.CharEnumField(Role, max_length=16)
    valid_from = fields.DateField()
    valid_until = fields.DateField(null=True)

    class Meta:
        table = "role_assignment"
        indexes = [("employee_id",)]
