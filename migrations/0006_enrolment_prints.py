from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint

FORWARD = [
    "ALTER TABLE frame_print ADD CONSTRAINT frame_print_of_one CHECK "
    "((check_in_id IS NULL) <> (enrolment_id IS NULL))",
    # What is due to be forgotten: an agency's oldest prints.
    "CREATE INDEX frame_print_age ON frame_print (agency_id, received_at) WHERE print IS NOT NULL",
]
BACKWARD = [
    "DROP INDEX frame_print_age",
    "ALTER TABLE frame_print DROP CONSTRAINT frame_print_of_one",
    "DELETE FROM frame_print WHERE check_in_id IS NULL",
]

class Migration(migrations.Migration):
    dependencies = [('models', '0005_audit_entries_stand')]

    initial = False

    operations = [
        ops.AlterModelOptions(
            name='FramePrint',
            options={'table': 'frame_print', 'app': 'models', 'unique_together': (('check_in', 'frame'), ('enrolment', 'frame')), 'indexes': [Index(fields=['agency_id', 'digest']), Index(fields=['employee_id', 'received_at'])], 'pk_attr': 'id', 'table_description': 'By what a photograph of a check-in or of an enrolment is known when it is sent again.'},
        ),
        ops.AlterField(
            model_name='FramePrint',
            name='check_in',
            field=fields.ForeignKeyField('models.CheckIn', source_field='check_in_id', null=True, description='Of the two, one is given.', db_constraint=True, to_field='id', related_name='prints', on_delete=OnDelete.RESTRICT),
        ),
        ops.AlterField(
            model_name='FramePrint',
            name='frame',
            field=fields.SmallIntField(description='Which of its photographs, from 0.'),
        ),
        ops.AlterField(
            model_name='FramePrint',
            name='received_at',
            field=fields.DatetimeField(description='When the check-in was received, or the enrolment made.', auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='FramePrint',
            name='enrolment',
            field=fields.ForeignKeyField('models.Enrolment', source_field='enrolment_id', null=True, db_constraint=True, to_field='id', related_name='prints', on_delete=OnDelete.RESTRICT),
        ),
        ops.AddConstraint(
            model_name='FramePrint',
            constraint=UniqueConstraint(fields=('enrolment', 'frame'), name=None),
        ),
        ops.RunSQL(FORWARD, BACKWARD),
    ]

