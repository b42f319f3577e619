"""Which entries of the trail this actor may see."""

from tortoise.queryset import QuerySet

from api.audit.models import AuditEntry
from api.core.context import Actor
from api.core.policy import Permission
from api.core.subtree import WHOLE_AGENCY


def entries(actor: Actor) -> QuerySet[AuditEntry]:
    """The trail is one chain an agency: it is audited whole, or one reads what concerns oneself."""
    found = AuditEntry.filter(agency_id=actor.agency_id)
    whole = actor.may(Permission.READ_AUDIT, WHOLE_AGENCY)
    return found if whole else found.filter(subject_id=actor.employee_id)


def looks(actor: Actor) -> QuerySet[AuditEntry]:
    """What others did with the actor's own data; what the program did by a rule has nobody's name."""
    own = AuditEntry.filter(agency_id=actor.agency_id, subject_id=actor.employee_id, actor_id__isnull=False)
    return own.exclude(actor_id=actor.employee_id)
