from tortoise import migrations
from tortoise.migrations import operations as ops
from enum import StrEnum
from orjson import loads
from tortoise.fields.data import JSON_DUMPS
from uuid_utils.compat import uuid7
from tortoise import fields

# The words as they were when this was written.
class EnrolmentState(StrEnum):
    NONE = "NONE"
    STALE_MODEL = "STALE_MODEL"
    PENDING = "PENDING"
    AWAITING = "AWAITING"
    ACTIVE = "ACTIVE"
    REFUSED = "REFUSED"
    REPLACED = "REPLACED"


class Migration(migrations.Migration):
    dependencies = [('models', '0013_vouching')]

    initial = False

    operations = [
        ops.CreateModel(
            name='FacePack',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('model_id', fields.CharField(unique=True, max_length=80)),
                ('liveness_model_id', fields.CharField(null=True, max_length=80)),
                ('name', fields.CharField(max_length=200)),
                ('licence', fields.CharField(default='', description='The licence as its file begins; empty where the pack brings none.', max_length=400)),
                ('files', fields.JSONField(default=list, description='[{"file", "sha256"}], of a pack that states them.', encoder=JSON_DUMPS, decoder=loads)),
                ('first_opened_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('opened_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'face_pack', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A pack of models that a worker has opened; the one opened last is in use. Each installation has its own.'},
            bases=['Model'],
        ),
        ops.AlterField(
            model_name='Enrolment',
            name='state',
            field=fields.CharEnumField(default=EnrolmentState.PENDING, description='NONE: NONE\nSTALE_MODEL: STALE_MODEL\nPENDING: PENDING\nAWAITING: AWAITING\nACTIVE: ACTIVE\nREFUSED: REFUSED\nREPLACED: REPLACED', enum_type=EnrolmentState, max_length=16),
        ),
    ]
