from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [('models', '0015_face_vectors')]

    initial = False

    operations = [
        ops.AddField(
            model_name='Account',
            name='password_expires_at',
            field=fields.DatetimeField(null=True, description='A password that somebody else gave: it opens until then, and only to choose another.', auto_now=False, auto_now_add=False),
        ),
    ]
