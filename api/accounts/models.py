"""Accounts, sessions and API tokens. Secrets are kept as hashes only."""

from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from api.core.identity import new_id
from api.people.models import Agency, Employee


class Account(Model):
    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "accounts", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    employee: fields.OneToOneRelation[Employee] = fields.OneToOneField(
        "models.Employee", "account", on_delete=fields.RESTRICT
    )
    employee_id: UUID
    password_hash = fields.CharField(max_length=200)
    #: A password that somebody else gave: it opens until then, and only to choose another.
    password_expires_at = fields.DatetimeField(null=True)

    class Meta:
        table = "account"


class Credential(Model):
    """What a request may carry: a login's session, or an API token that somebody named. Both can be ended."""

    id = fields.UUIDField(primary_key=True, default=new_id)
    agency: fields.ForeignKeyRelation[Agency] = fields.ForeignKeyField(
        "models.Agency", "credentials", on_delete=fields.RESTRICT
    )
    agency_id: UUID
    account: fields.ForeignKeyRelation[Account] = fields.ForeignKeyField(
        "models.Account", "credentials", on_delete=fields.CASCADE
    )
    account_id: UUID
    #: SHA-256 of 32 random bytes: as strong as they are, so no slow hash is needed.
    digest = fields.BinaryField()
    #: Empty for a session.
    token_name = fields.CharField(max_length=80, default="")
    device = fields.CharField(max_length=200, default="")
    created_at = fields.DatetimeField(auto_now_add=True)
    last_seen_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField()
    ended_at = fields.DatetimeField(null=True)

    class Meta:
        table = "credential"
        indexes = [("account_id",)]
