"""A template at rest: sealed for one row and one person."""

from uuid import UUID

from api.biometrics.models import FaceTemplate
from api.core.runtime import Runtime


def belongs_to(template_id: UUID, employee_id: UUID) -> str:
    """What a sealed template is bound to: it opens for no other row and no other person."""
    return f"template/{employee_id}/{template_id}"


def open_template(runtime: Runtime, row: FaceTemplate) -> bytes:
    return runtime.keyring.open(
        bytes(row.sealed),
        belongs_to=belongs_to(row.id, row.employee_id),
    )
