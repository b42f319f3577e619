"""How long what is kept of check-ins and enrolments is kept. An agency's own data, in days."""

from dataclasses import dataclass

from api.core.verdict import Limits, bounded


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPeriods(Limits):
    """Why these defaults: docs/decisions/0011-retention-periods-are-rules.md. What a person has yet to decide is
    kept until then; prints of photographs are kept as long as the topic `face` compares them."""

    #: After the check-in, or after a person's decision on it.
    check_in_photographs: int = bounded(90, 1, 3_650, "days")
    #: After another enrolment took its place, or after it was refused.
    replaced_enrolments: int = bounded(30, 1, 3_650, "days")
    #: After which where exactly somebody stood is forgotten; distance, accuracy and verdict stay.
    positions: int = bounded(90, 1, 3_650, "days")
    #: Of photographs that were sent and never used.
    unused_uploads: int = bounded(1, 1, 30, "days")
    #: Only told by `hadir audit`: the database lets nothing be taken out of the trail.
    audit_entries: int = bounded(1_825, 365, 36_500, "days")
