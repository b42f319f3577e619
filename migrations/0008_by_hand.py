from tortoise import migrations
from tortoise.migrations import operations as ops
from enum import StrEnum
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from uuid_utils.compat import uuid7

# What the words were when this was written, whatever they become in the program.
class Role(StrEnum):
    EMPLOYEE = 'EMPLOYEE'
    SUPERVISOR = 'SUPERVISOR'
    HR_ADMIN = 'HR_ADMIN'
    AGENCY_ADMIN = 'AGENCY_ADMIN'
    AUDITOR = 'AUDITOR'
    DESK_OFFICER = 'DESK_OFFICER'


class RuleTopic(StrEnum):
    FACE = 'face'
    POSITION = 'position'
    WORKING_HOURS = 'working_hours'
    DESK = 'desk'


FORWARD = [
    "CREATE INDEX check_in_recorder ON check_in (recorder_id) WHERE recorder_id IS NOT NULL",
    "CREATE INDEX check_in_by_hand ON check_in (agency_id, received_at DESC, id DESC) WHERE recorder_id IS NOT NULL",
    "CREATE UNIQUE INDEX objection_one_in_force ON objection (employee_id) WHERE taken_back_at IS NULL",
    "ALTER TABLE check_in ADD CONSTRAINT check_in_by_another CHECK "
    "((recorder_id IS NULL) = (record_reason IS NULL) AND recorder_id <> employee_id)",
]
BACKWARD = [
    "ALTER TABLE check_in DROP CONSTRAINT check_in_by_another",
    "DROP INDEX objection_one_in_force",
    "DROP INDEX check_in_by_hand",
    "DROP INDEX check_in_recorder",
]


class Migration(migrations.Migration):
    dependencies = [('models', '0007_site_disturbances')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Objection',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='objections', on_delete=OnDelete.RESTRICT)),
                ('employee', fields.ForeignKeyField('models.Employee', source_field='employee_id', db_constraint=True, to_field='id', related_name='objections', on_delete=OnDelete.RESTRICT)),
                ('raised_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('taken_back_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'objection', 'app': 'models', 'indexes': [Index(fields=['employee_id'])], 'pk_attr': 'id', 'table_description': 'A person does without face recognition (UU 27/2022, 10): in force until he takes it back.'},
            bases=['Model'],
        ),
        ops.AlterField(
            model_name='AgencyRule',
            name='topic',
            field=fields.CharEnumField(description='FACE: face\nPOSITION: position\nWORKING_HOURS: working_hours\nDESK: desk', enum_type=RuleTopic, max_length=32),
        ),
        ops.AddField(
            model_name='AttendanceDay',
            name='by_hand',
            field=fields.BooleanField(description='A check-in that counts was recorded by hand.', db_default=False),
        ),
        ops.AddField(
            model_name='CheckIn',
            name='record_reason',
            field=fields.CharField(null=True, max_length=500),
        ),
        ops.AddField(
            model_name='CheckIn',
            name='recorder',
            field=fields.ForeignKeyField('models.Employee', source_field='recorder_id', null=True, description='Who recorded it by hand, and why; None for what was checked by face. Never the person himself.', db_constraint=True, to_field='id', related_name='recorded', on_delete=OnDelete.RESTRICT),
        ),
        ops.AlterField(
            model_name='RoleAssignment',
            name='role',
            field=fields.CharEnumField(description='EMPLOYEE: EMPLOYEE\nSUPERVISOR: SUPERVISOR\nHR_ADMIN: HR_ADMIN\nAGENCY_ADMIN: AGENCY_ADMIN\nAUDITOR: AUDITOR\nDESK_OFFICER: DESK_OFFICER', enum_type=Role, max_length=16),
        ),
        ops.RunSQL(FORWARD, BACKWARD),
    ]
