from tortoise import migrations
from tortoise.migrations import operations as ops
from enum import StrEnum
from tortoise import fields

FORWARD = [
    "ALTER TABLE check_in ADD CONSTRAINT check_in_positions_gone CHECK "
    "(positions_gone_at IS NULL OR (fixes = '[]' AND latitude IS NULL AND longitude IS NULL))",
    # What is still kept, oldest first: the rest grows for ever.
    "CREATE INDEX check_in_photographs_kept ON check_in (agency_id, received_at) WHERE frames <> '[]'",
    "CREATE INDEX check_in_positions_kept ON check_in (agency_id, received_at) WHERE fixes <> '[]'",
    "CREATE INDEX enrolment_photographs_kept ON enrolment (agency_id, created_at) "
    "WHERE photos <> '[]' AND state IN ('REPLACED', 'REFUSED')",
]
BACKWARD = [
    "DROP INDEX check_in_photographs_kept, check_in_positions_kept, enrolment_photographs_kept",
    "ALTER TABLE check_in DROP CONSTRAINT check_in_positions_gone",
]


# The words as they were when this was written.
class RuleTopic(StrEnum):
    FACE = "face"
    POSITION = "position"
    WORKING_HOURS = "working_hours"
    DESK = "desk"
    MOVES = "moves"
    CHALLENGE = "challenge"
    RETENTION = "retention"


class Migration(migrations.Migration):
    dependencies = [('models', '0011_erasures')]

    initial = False

    operations = [
        ops.AlterField(
            model_name='AgencyRule',
            name='topic',
            field=fields.CharEnumField(description='FACE: face\nPOSITION: position\nWORKING_HOURS: working_hours\nDESK: desk\nMOVES: moves\nCHALLENGE: challenge\nRETENTION: retention', enum_type=RuleTopic, max_length=32),
        ),
        ops.AddField(
            model_name='CheckIn',
            name='positions_gone_at',
            field=fields.DatetimeField(null=True, description='Since when fixes, latitude and longitude are kept no longer.', auto_now=False, auto_now_add=False),
        ),
        ops.RunSQL(FORWARD, BACKWARD),
    ]
