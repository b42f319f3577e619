from tortoise import migrations
from tortoise.migrations import operations as ops
from enum import StrEnum
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from uuid_utils.compat import uuid7

FORWARD = [
    "CREATE UNIQUE INDEX erasure_one_open ON erasure (employee_id) WHERE gone_at IS NULL",
    "ALTER TABLE erasure ADD CONSTRAINT erasure_complete CHECK ((gone_at IS NULL) = (number IS NULL) "
    "AND (gone_at IS NULL) = (digest IS NULL) AND (gone_at IS NULL OR left_names = '[]'))",
    "CREATE INDEX erasure_agency ON erasure (agency_id)",
    "ALTER TABLE check_in ADD CONSTRAINT check_in_frames_gone CHECK "
    "((frames_gone_at IS NULL) = (frames_gone_why IS NULL) AND (frames_gone_at IS NULL OR frames = '[]'))",
]
BACKWARD = ["ALTER TABLE check_in DROP CONSTRAINT check_in_frames_gone"]


# The words as they were when this was written.
class GoneReason(StrEnum):
    WITHDRAWN = "WITHDRAWN"
    RETENTION = "RETENTION"


class Migration(migrations.Migration):
    dependencies = [("models", "0010_challenge")]

    initial = False

    operations = [
        ops.CreateModel(
            name='Erasure',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='erasures', on_delete=OnDelete.RESTRICT)),
                ('employee', fields.ForeignKeyField('models.Employee', source_field='employee_id', db_constraint=True, to_field='id', related_name='erasures', on_delete=OnDelete.RESTRICT)),
                ('asked_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('gone_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('counts', fields.JSONField(description='ErasedKind → how many.', default=dict)),
                ('left_names', fields.JSONField(description='Objects of the store that no other row names and that may be there still; empty when complete.', default=list)),
                ('number', fields.BigIntField(null=True, description='Of the entry in the audit trail that holds the digest.')),
                ('digest', fields.BinaryField(null=True)),
            ],
            options={'table': 'erasure', 'app': 'models', 'indexes': [Index(fields=['employee_id', 'asked_at'])], 'pk_attr': 'id', 'table_description': 'What a withdrawal takes away. Complete, it is a receipt; a person has at most one that is not.'},
            bases=['Model'],
        ),
        ops.AlterField(
            model_name='CheckIn',
            name='frames',
            field=fields.JSONField(description="Names of the frames' objects; none once the photographs are gone."),
        ),
        ops.AddField(
            model_name='CheckIn',
            name='frames_gone_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='CheckIn',
            name='frames_gone_why',
            field=fields.CharEnumField(null=True, description='WITHDRAWN: WITHDRAWN\nRETENTION: RETENTION', enum_type=GoneReason, max_length=10),
        ),
        ops.RunSQL(FORWARD, BACKWARD),
    ]
