from tortoise import migrations
from tortoise.migrations import operations as ops

# The reviewers' queue: what waits for a person, newest first, however much lies behind it.
FORWARD = [
    "CREATE INDEX check_in_waiting ON check_in (agency_id, received_at DESC, id DESC) "
    "WHERE state = 'REVIEW' OR (contested_at IS NOT NULL AND review_decision IS NULL)",
]
BACKWARD = ["DROP INDEX check_in_waiting"]


class Migration(migrations.Migration):
    dependencies = [("models", "0003_frame_prints")]
    operations = [ops.RunSQL(FORWARD, BACKWARD)]
