from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from uuid_utils.compat import uuid7

class Migration(migrations.Migration):
    dependencies = [('models', '0002_constraints_and_indexes')]

    initial = False

    operations = [
        ops.CreateModel(
            name='FramePrint',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='frame_prints', on_delete=OnDelete.RESTRICT)),
                ('employee', fields.ForeignKeyField('models.Employee', source_field='employee_id', db_constraint=True, to_field='id', related_name='frame_prints', on_delete=OnDelete.RESTRICT)),
                ('check_in', fields.ForeignKeyField('models.CheckIn', source_field='check_in_id', db_constraint=True, to_field='id', related_name='prints', on_delete=OnDelete.RESTRICT)),
                ('frame', fields.SmallIntField(description="Which of the check-in's frames, from 0.")),
                ('received_at', fields.DatetimeField(description="The check-in's.", auto_now=False, auto_now_add=False)),
                ('digest', fields.BinaryField(description='SHA-256 of the photograph as it is kept.')),
                ('print', fields.BinaryField(null=True, description='256 signs, then what the worker needs to find the face again; None without a face or a valid consent.')),
            ],
            options={'table': 'frame_print', 'app': 'models', 'unique_together': (('check_in', 'frame'),), 'indexes': [Index(fields=['agency_id', 'digest']), Index(fields=['employee_id', 'received_at'])], 'pk_attr': 'id', 'table_description': "By what a check-in's photograph is known when it is sent again."},
            bases=['Model'],
        ),
        ops.AlterField(
            model_name='AttendanceDay',
            name='check_in_id',
            field=fields.UUIDField(null=True, description='The check-in to look at first: one that waits for a person, else one that is marked, else the latest.'),
        ),
    ]
