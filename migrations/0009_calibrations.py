from tortoise import migrations
from tortoise.migrations import operations as ops
from enum import StrEnum
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from uuid_utils.compat import uuid7
from tortoise import fields
from tortoise.indexes import Index

FORWARD = [
    "ALTER TABLE calibration ADD CONSTRAINT calibration_decided CHECK "
    "((state = 'PROPOSED') = (decided_at IS NULL))",
    # The newest is the one to decide about.
    "CREATE UNIQUE INDEX calibration_waiting ON calibration (agency_id) WHERE state = 'PROPOSED'",
]
BACKWARD = [
    "DROP INDEX calibration_waiting",
    "ALTER TABLE calibration DROP CONSTRAINT calibration_decided",
]


# The words as they were when this was written.
class CalibrationState(StrEnum):
    PROPOSED = "PROPOSED"
    ACCEPTED = "ACCEPTED"
    DISMISSED = "DISMISSED"


class Migration(migrations.Migration):
    dependencies = [('models', '0008_by_hand')]

    initial = False

    operations = [
        ops.CreateModel(
            name='Calibration',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='calibrations', on_delete=OnDelete.RESTRICT)),
                ('made_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('model_id', fields.CharField(max_length=80)),
                ('people', fields.IntField()),
                ('target', fields.FloatField(description='False match rate aimed at, 0–1.')),
                ('threshold', fields.FloatField(description='Cosines: proposed, and in use when it was made.')),
                ('in_use', fields.FloatField()),
                ('fmr', fields.JSONField(description='{"value", "low", "high", "trials"} at the proposed threshold.', encoder=JSON_DUMPS, decoder=loads)),
                ('fnmr', fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ('provable', fields.BooleanField(description='Whether there were comparisons enough to show the target.')),
                ('accepted', fields.IntField(description='Of the check-ins accepted in the ninety days before: how many, and how many lay below the proposal.')),
                ('accepted_below', fields.IntField()),
                ('curve', fields.TextField(description='SVG without scripts.', unique=False)),
                ('scores', fields.TextField(unique=False)),
                ('state', fields.CharEnumField(default=CalibrationState.PROPOSED, description='PROPOSED: PROPOSED\nACCEPTED: ACCEPTED\nDISMISSED: DISMISSED', enum_type=CalibrationState, max_length=12)),
                ('decided_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('decided_by', fields.ForeignKeyField('models.Employee', source_field='decided_by_id', null=True, db_constraint=True, to_field='id', related_name='calibrations', on_delete=OnDelete.RESTRICT)),
            ],
            options={'table': 'calibration', 'app': 'models', 'indexes': [Index(fields=['agency_id', 'made_at']), Index(fields=['decided_by_id'])], 'pk_attr': 'id', 'table_description': 'One proposal for one agency and one face model.'},
            bases=['Model'],
        ),
        ops.RunSQL(FORWARD, BACKWARD),
    ]
