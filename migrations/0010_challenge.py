from enum import StrEnum

from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.migrations import operations as ops


# What the words were when this was written, whatever they become in the program.
class CheckInState(StrEnum):
    PENDING = 'PENDING'
    ACCEPTED = 'ACCEPTED'
    FLAGGED = 'FLAGGED'
    REVIEW = 'REVIEW'
    REFUSED = 'REFUSED'
    SUPERSEDED = 'SUPERSEDED'


class RuleTopic(StrEnum):
    FACE = 'face'
    POSITION = 'position'
    WORKING_HOURS = 'working_hours'
    DESK = 'desk'
    MOVES = 'moves'
    CHALLENGE = 'challenge'


class Migration(migrations.Migration):
    dependencies = [("models", "0009_calibrations")]

    initial = False

    operations = [
        ops.AlterField(
            model_name='AgencyRule',
            name='topic',
            field=fields.CharEnumField(description='FACE: face\nPOSITION: position\nWORKING_HOURS: working_hours\nDESK: desk\nMOVES: moves\nCHALLENGE: challenge', enum_type=RuleTopic, max_length=32),
        ),
        ops.AlterField(
            model_name='CheckIn',
            name='state',
            field=fields.CharEnumField(default=CheckInState.PENDING, description='PENDING: PENDING\nACCEPTED: ACCEPTED\nFLAGGED: FLAGGED\nREVIEW: REVIEW\nREFUSED: REFUSED\nSUPERSEDED: SUPERSEDED', enum_type=CheckInState, max_length=10),
        ),
        ops.AddField(
            model_name='CheckIn',
            name='moves',
            field=fields.JSONField(default=list, description="The nonce's.", db_default=[], encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name='CheckIn',
            name='captured',
            field=fields.JSONField(default=list, description='When each frame was taken, as the device says (ISO 8601, in server time); none where it did not say.', db_default=[], encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name='CheckIn',
            name='supersedes_id',
            field=fields.UUIDField(null=True, description='The check-in in whose place this one was made, and the one that was made in place of this and passed.'),
        ),
        ops.AddField(
            model_name='CheckIn',
            name='superseded_by_id',
            field=fields.UUIDField(null=True),
        ),
        ops.AddField(
            model_name='CheckInNonce',
            name='moves',
            field=fields.JSONField(default=list, description='The moves asked for, in their order; none where a look is enough.', db_default=[], encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name='CheckInNonce',
            name='supersedes_id',
            field=fields.UUIDField(null=True, description='The check-in in whose place the moves are made.'),
        ),
    ]
