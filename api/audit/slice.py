"""What the trail adds to the whole."""

from api.audit.schema import AuditQuery
from api.core.slice import Slice

SLICE = Slice(queries=(AuditQuery,))
