from tortoise import migrations
from tortoise.migrations import operations as ops
from enum import StrEnum
from tortoise.fields.base import OnDelete
from tortoise import fields

FORWARD = [
    "ALTER TABLE enrolment ADD CONSTRAINT enrolment_voucher_named CHECK "
    "((vouch_decision IS NULL) = (voucher_id IS NULL) AND (vouch_decision IS NULL) = (vouched_at IS NULL) "
    "AND (vouch_decision IS NULL) = (vouch_reason IS NULL))",
    # What waits for a person's word, longest waiting first.
    "CREATE INDEX enrolment_awaiting ON enrolment (agency_id, id) WHERE state = 'AWAITING'",
]
BACKWARD = [
    "DROP INDEX enrolment_awaiting",
    "ALTER TABLE enrolment DROP CONSTRAINT enrolment_voucher_named",
    "DELETE FROM face_template USING enrolment e WHERE e.id = enrolment_id AND e.state = 'AWAITING'",
    "UPDATE enrolment SET state = 'REFUSED' WHERE state = 'AWAITING'",
]


# The words as they were when this was written.
class EnrolmentState(StrEnum):
    NONE = "NONE"
    PENDING = "PENDING"
    AWAITING = "AWAITING"
    ACTIVE = "ACTIVE"
    REFUSED = "REFUSED"
    REPLACED = "REPLACED"


class VouchDecision(StrEnum):
    CONFIRM = "CONFIRM"
    REFUSE = "REFUSE"


class RuleTopic(StrEnum):
    FACE = "face"
    POSITION = "position"
    WORKING_HOURS = "working_hours"
    DESK = "desk"
    MOVES = "moves"
    CHALLENGE = "challenge"
    RETENTION = "retention"
    VOUCHING = "vouching"


class Migration(migrations.Migration):
    dependencies = [('models', '0012_retention')]

    initial = False

    operations = [
        ops.AlterField(
            model_name='AgencyRule',
            name='topic',
            field=fields.CharEnumField(description='FACE: face\nPOSITION: position\nWORKING_HOURS: working_hours\nDESK: desk\nMOVES: moves\nCHALLENGE: challenge\nRETENTION: retention\nVOUCHING: vouching', enum_type=RuleTopic, max_length=32),
        ),
        ops.AlterField(
            model_name='Enrolment',
            name='state',
            field=fields.CharEnumField(default=EnrolmentState.PENDING, description='NONE: NONE\nPENDING: PENDING\nAWAITING: AWAITING\nACTIVE: ACTIVE\nREFUSED: REFUSED\nREPLACED: REPLACED', enum_type=EnrolmentState, max_length=16),
        ),
        ops.AddField(
            model_name='Enrolment',
            name='vouch_decision',
            field=fields.CharEnumField(null=True, description='CONFIRM: CONFIRM\nREFUSE: REFUSE', enum_type=VouchDecision, max_length=8),
        ),
        ops.AddField(
            model_name='Enrolment',
            name='vouch_reason',
            field=fields.CharField(null=True, max_length=500),
        ),
        ops.AddField(
            model_name='Enrolment',
            name='vouched_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Enrolment',
            name='voucher',
            field=fields.ForeignKeyField('models.Employee', source_field='voucher_id', null=True, db_constraint=True, to_field='id', related_name='vouchings', on_delete=OnDelete.RESTRICT),
        ),
        ops.RunSQL(FORWARD, BACKWARD),
    ]
