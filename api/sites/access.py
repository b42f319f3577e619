"""Which duty locations concern whom."""

from datetime import date
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from api.sites.models import DutyAssignment


def duties(employee_id: UUID, day: date) -> QuerySet[DutyAssignment]:
    """Assignments of a person in force on a day. Whoever calls has made sure that the person may be seen."""
    return DutyAssignment.filter(
        Q(employee_id=employee_id, valid_from__lte=day)
        & (Q(valid_until__isnull=True) | Q(valid_until__gte=day))
    ).select_related("location")
