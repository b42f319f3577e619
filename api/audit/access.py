"""Which entries of the trail this actor may see."""

from uuid import UUID

from tortoise.queryset import QuerySet

from api.audit.models import AuditEntry
from api.core.context import Actor
from api.core.policy import Permission
from api.core.subtree import WHOLE_AGENCY


def entries(actor: Actor) -> QuerySet[AuditEntry]:
    """The trail is one chain an agency: it is audited whole, or one reads what concerns oneself."""
    found = AuditEntry.filter(agency_id=actor.agency_id)
    return found if _audits(actor) else found.filter(subject_id=actor.employee_id)


def of_actor(actor: Actor, found: QuerySet[AuditEntry], who: UUID) -> QuerySet[AuditEntry]:
    """What somebody did and saw is for those to ask who audit: others learn of themselves only."""
    return found.filter(actor_id=who) if _audits(actor) else found.filter(id__in=[])


def looks(actor: Actor) -> QuerySet[AuditEntry]:
    """What others did with the actor's own data; what the program did by a rule has nobody's name."""
    own = AuditEntry.filter(agency_id=actor.agency_id, subject_id=actor.employee_id, actor_id__isnull=False)
    return own.exclude(actor_id=actor.employee_id)


def _audits(actor: Actor) -> bool:
    return actor.may(Permission.READ_AUDIT, WHOLE_AGENCY)
