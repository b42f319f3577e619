"""The outbox: what must happen after a commit, recorded in that commit."""

from tortoise import fields
from tortoise.models import Model

from api.core.identity import new_id


class OutboxEntry(Model):
    """One piece of work. The row is the truth; a message in Redis only says that there is something to do.

    A worker claims it by taking a lease: `leased_until` and a raised `attempts`, which is also the fencing
    token. Done work is deleted.
    """

    id = fields.UUIDField(primary_key=True, default=new_id)
    job = fields.CharField(max_length=64)
    subject_id = fields.UUIDField()
    due_at = fields.DatetimeField()
    leased_until = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    #: Attempts that ended in a surprise or in the worker's death; a server that was away is nobody's failure.
    failures = fields.IntField(default=0)
    created_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "outbox"
        unique_together = (("job", "subject_id"),)
        indexes = [("job", "due_at")]
