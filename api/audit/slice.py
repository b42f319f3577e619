"""What the trail adds to the whole."""

from api.audit.schema import AuditQuery
from api.core.slice import Slice

SLICE = Slice(
    queries=(AuditQuery,),
    values={
        "LookKind.DECISION": "A decision, or a record by hand.",
        "LookKind.OTHER": "Something else.",
        "LookKind.PHOTOGRAPH": "A photograph of a check-in was looked at.",
        "LookKind.REGISTERED_PHOTOGRAPH": "A registered photograph was looked at.",
    },
    arguments={
        "actorId": "By whom; answers only those who audit.",
        "action": "Only what was done under this name.",
    },
)
