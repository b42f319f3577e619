from tortoise import migrations
from tortoise.migrations import operations as ops
from enum import StrEnum
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from uuid_utils.compat import uuid7

FORWARD = [
    "ALTER TABLE site_disturbance ADD CONSTRAINT site_disturbance_period CHECK (since < until)",
]
BACKWARD = ["ALTER TABLE site_disturbance DROP CONSTRAINT site_disturbance_period"]


# The words as they were when this was written.
class RuleTopic(StrEnum):
    FACE = "face"
    POSITION = "position"
    WORKING_HOURS = "working_hours"


class Migration(migrations.Migration):
    dependencies = [("models", "0006_enrolment_prints")]

    initial = False

    operations = [
        ops.CreateModel(
            name='SiteDisturbance',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='site_disturbances', on_delete=OnDelete.RESTRICT)),
                ('location', fields.ForeignKeyField('models.DutyLocation', source_field='location_id', db_constraint=True, to_field='id', related_name='disturbances', on_delete=OnDelete.RESTRICT)),
                ('since', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('until', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'site_disturbance', 'app': 'models', 'indexes': [Index(fields=['agency_id', 'until']), Index(fields=['location_id', 'until'])], 'pk_attr': 'id', 'table_description': 'Many check-ins failed at a place together, so that flags of this time are held back there.'},
            bases=['Model'],
        ),
        ops.RemoveField(model_name='DutyLocation', name='disturbed_until'),
        ops.AlterField(
            model_name='AgencyRule',
            name='topic',
            field=fields.CharEnumField(description='FACE: face\nPOSITION: position\nWORKING_HOURS: working_hours', enum_type=RuleTopic, max_length=32),
        ),
        ops.RunSQL(FORWARD, BACKWARD),
    ]
