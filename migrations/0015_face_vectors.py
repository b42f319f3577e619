from tortoise import fields, migrations
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from uuid_utils.compat import uuid7

# A server of one's own may lack pgvector, or let only its operator install it: then nothing is found, and that is
# said (docs/decisions/0013-faces-are-found-by-turned-vectors.md). Nothing but this is needed once it is there.
EXTENSION = """
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') THEN
        CREATE EXTENSION IF NOT EXISTS vector;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'pgvector is there, and this user may not install it: have CREATE EXTENSION vector run';
END $$
"""
# In the row and not beside it: every search reads all of them.
STORAGE = "ALTER TABLE face_vector ALTER turned SET STORAGE MAIN"


class Migration(migrations.Migration):
    dependencies = [('models', '0014_face_pack')]

    initial = False

    operations = [
        ops.RunSQL(EXTENSION, ""),
        ops.CreateModel(
            name='FaceVector',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='face_vectors', on_delete=OnDelete.RESTRICT)),
                ('employee', fields.ForeignKeyField('models.Employee', source_field='employee_id', db_constraint=True, to_field='id', related_name='face_vectors', on_delete=OnDelete.RESTRICT)),
                ('template', fields.OneToOneField('models.FaceTemplate', source_field='template_id', db_constraint=True, to_field='id', related_name='vector', on_delete=OnDelete.CASCADE)),
                ('key_id', fields.CharField(description='Of the keyring, whose secret it was turned by.', max_length=64)),
                ('turned', ArrayField(element_type='REAL')),
            ],
            options={'table': 'face_vector', 'app': 'models', 'indexes': [Index(fields=['employee_id'])], 'pk_attr': 'id', 'table_description': 'A template as the database compares it: turned by a secret of the keyring (`turned.py`), 32-bit floats.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Likeness',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='likenesses', on_delete=OnDelete.RESTRICT)),
                ('enrolment', fields.ForeignKeyField('models.Enrolment', source_field='enrolment_id', db_constraint=True, to_field='id', related_name='likenesses', on_delete=OnDelete.CASCADE)),
                ('employee', fields.ForeignKeyField('models.Employee', source_field='employee_id', description='Who is enrolled with this face.', db_constraint=True, to_field='id', related_name='likenesses', on_delete=OnDelete.RESTRICT)),
                ('similarity', fields.FloatField(description='Cosine of the nearest two.')),
            ],
            options={'table': 'likeness', 'app': 'models', 'indexes': [Index(fields=['enrolment_id']), Index(fields=['employee_id'])], 'pk_attr': 'id', 'table_description': "Somebody else whom an enrolment's face resembles: for an HR admin, and gone when either withdraws."},
            bases=['Model'],
        ),
        ops.AddField(
            model_name='Enrolment',
            name='search_threshold',
            field=fields.FloatField(null=True, description='Cosine from which on somebody else was looked for who is enrolled with this face; None: nobody could look.'),
        ),
        ops.RunSQL(STORAGE, ""),
    ]
