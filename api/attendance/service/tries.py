"""How often in a row a face was not recognised, and what follows from it.

NIST SP 800-63B (biometrics): after five failures in a row at least 30 seconds before each further try, and
after fifty another way. The other way is the desk, which is open from the first failure on. Counted from rows:
what Redis forgets would begin anew.
"""

from datetime import datetime, timedelta
from uuid import UUID

from api.attendance.rules import Code
from api.biometrics.moves import Code as MoveCode
from api.biometrics.rules import Code as FaceCode
from api.core import database
from api.core.errors import AskTheDesk

MOST_IN_A_ROW = 5
MOST_BEFORE_THE_DESK = 50
WAIT = timedelta(seconds=30)

#: Findings about the face. A position that was refused says nothing of whether the person can be matched.
OF_THE_FACE = [
    *FaceCode,
    MoveCode.FRAMES_REPEATED,
    Code.PHOTO_UNREADABLE,
    Code.FACE_DIFFERENT,
    Code.LIVENESS_UNCONFIRMED,
]
#: Since the last one that counts, also by hand: whoever recorded it has seen the person. A refusal stays one
#: while the person contests it.
FAILURES = """
SELECT count(*) AS number, max(settled_at) AS last_at FROM check_in c
 WHERE employee_id = $1 AND state IN ('REFUSED', 'REVIEW')
   AND EXISTS (SELECT FROM jsonb_array_elements(c.reasons) AS reason
                WHERE reason ->> 'level' = 'REFUSE' AND reason ->> 'code' = ANY ($2))
   AND received_at > coalesce((SELECT received_at FROM check_in
                                WHERE employee_id = $1 AND state IN ('ACCEPTED', 'FLAGGED')
                                ORDER BY received_at DESC LIMIT 1), '-infinity')
"""


async def require_patience(employee_id: UUID, now: datetime) -> None:
    """AskTheDesk while the face has to wait, or has had all its tries."""
    found = (await database.rows(FAILURES, employee_id, [str(code) for code in OF_THE_FACE]))[0]
    failures, last_at = found["number"], found["last_at"]
    if failures < MOST_IN_A_ROW:
        return
    if failures >= MOST_BEFORE_THE_DESK:
        raise AskTheDesk(None, "ASK_THE_DESK_ONLY", failures=failures)
    left = (last_at + WAIT - now).total_seconds()
    if left > 0:
        raise AskTheDesk(max(1, round(left)), failures=failures)
