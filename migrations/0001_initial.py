from tortoise import migrations
from tortoise.migrations import operations as ops
from enum import StrEnum
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index
from uuid_utils.compat import uuid7

# What the words were when these tables were made, whatever they become in the program.
class CheckInKind(StrEnum):
    IN = 'IN'
    OUT = 'OUT'


class CheckInState(StrEnum):
    PENDING = 'PENDING'
    ACCEPTED = 'ACCEPTED'
    FLAGGED = 'FLAGGED'
    REVIEW = 'REVIEW'
    REFUSED = 'REFUSED'


class Presence(StrEnum):
    NOT_IN = 'NOT_IN'
    PENDING = 'PENDING'
    IN = 'IN'
    OUT = 'OUT'


class ReviewDecision(StrEnum):
    CONFIRM = 'CONFIRM'
    REJECT = 'REJECT'


class EnrolmentState(StrEnum):
    NONE = 'NONE'
    PENDING = 'PENDING'
    ACTIVE = 'ACTIVE'
    REFUSED = 'REFUSED'
    REPLACED = 'REPLACED'


class Purpose(StrEnum):
    FACE_RECOGNITION = 'FACE_RECOGNITION'


class Role(StrEnum):
    EMPLOYEE = 'EMPLOYEE'
    SUPERVISOR = 'SUPERVISOR'
    HR_ADMIN = 'HR_ADMIN'
    AGENCY_ADMIN = 'AGENCY_ADMIN'
    AUDITOR = 'AUDITOR'


class WorkMode(StrEnum):
    OFFICE = 'OFFICE'
    HOME = 'HOME'
    OFF_SITE = 'OFF_SITE'



class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name='Agency',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('name', fields.CharField(max_length=200)),
                ('short_name', fields.CharField(unique=True, max_length=40)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'agency', 'app': 'models', 'pk_attr': 'id', 'table_description': 'A tenant: a ministry, a regional government, a private body.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='AgencyRule',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='rules', on_delete=OnDelete.RESTRICT)),
                ('topic', fields.CharField(max_length=32)),
                ('parameters', fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ('valid_from', fields.DateField()),
                ('valid_until', fields.DateField(null=True)),
                ('source', fields.CharField(default='', max_length=200)),
            ],
            options={'table': 'agency_rule', 'app': 'models', 'indexes': [Index(fields=['agency_id', 'topic', 'valid_from'])], 'pk_attr': 'id', 'table_description': 'A rule that differs between agencies: parameters of a topic, valid from a day until a day (inclusive).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='OutboxEntry',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('job', fields.CharField(max_length=64)),
                ('subject_id', fields.UUIDField()),
                ('due_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('leased_until', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('attempts', fields.IntField(default=0)),
                ('failures', fields.IntField(default=0, description="Attempts that ended in a surprise or in the worker's death; a server that was away is nobody's failure.")),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'outbox', 'app': 'models', 'unique_together': (('job', 'subject_id'),), 'indexes': [Index(fields=['job', 'due_at'])], 'pk_attr': 'id', 'table_description': 'One piece of work. The row is the truth; a message in Redis only says that there is something to do.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Unit',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='units', on_delete=OnDelete.RESTRICT)),
                ('parent', fields.ForeignKeyField('models.Unit', source_field='parent_id', null=True, db_constraint=True, to_field='id', related_name='children', on_delete=OnDelete.RESTRICT)),
                ('code', fields.CharField(max_length=16)),
                ('name', fields.CharField(max_length=200)),
                ('path', fields.CharField(max_length=255)),
                ('time_zone', fields.CharField(default='Asia/Jakarta', max_length=40)),
            ],
            options={'table': 'unit', 'app': 'models', 'unique_together': (('agency', 'code'), ('agency', 'path')), 'pk_attr': 'id', 'table_description': "A node of the agency's tree of offices."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='DutyLocation',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='duty_locations', on_delete=OnDelete.RESTRICT)),
                ('unit', fields.ForeignKeyField('models.Unit', source_field='unit_id', null=True, db_constraint=True, to_field='id', related_name='duty_locations', on_delete=OnDelete.RESTRICT)),
                ('name', fields.CharField(max_length=200)),
                ('kind', fields.CharEnumField(default=WorkMode.OFFICE, description='OFFICE: OFFICE\nHOME: HOME\nOFF_SITE: OFF_SITE', enum_type=WorkMode, max_length=16)),
                ('latitude', fields.FloatField()),
                ('longitude', fields.FloatField()),
                ('radius_metres', fields.IntField()),
                ('disturbed_until', fields.DatetimeField(null=True, description='Until when flags are held back, because many check-ins failed here together.', auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'duty_location', 'app': 'models', 'indexes': [Index(fields=['agency_id']), Index(fields=['unit_id'])], 'pk_attr': 'id', 'table_description': 'A circle: WGS 84 degrees and a radius in metres. `unit` is set for an office that serves a unit.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Employee',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='employees', on_delete=OnDelete.RESTRICT)),
                ('unit', fields.ForeignKeyField('models.Unit', source_field='unit_id', db_constraint=True, to_field='id', related_name='employees', on_delete=OnDelete.RESTRICT)),
                ('supervisor', fields.ForeignKeyField('models.Employee', source_field='supervisor_id', null=True, db_constraint=True, to_field='id', related_name='reports', on_delete=OnDelete.RESTRICT)),
                ('nip', fields.CharField(unique=True, max_length=18)),
                ('name', fields.CharField(max_length=200)),
                ('position', fields.CharField(default='', max_length=200)),
                ('active', fields.BooleanField(default=True)),
            ],
            options={'table': 'employee', 'app': 'models', 'indexes': [Index(fields=['unit_id', 'name']), Index(fields=['agency_id', 'name'])], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Account',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='accounts', on_delete=OnDelete.RESTRICT)),
                ('employee', fields.OneToOneField('models.Employee', source_field='employee_id', db_constraint=True, to_field='id', related_name='account', on_delete=OnDelete.RESTRICT)),
                ('password_hash', fields.CharField(max_length=200)),
            ],
            options={'table': 'account', 'app': 'models', 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='AttendanceDay',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='attendance_days', on_delete=OnDelete.RESTRICT)),
                ('employee', fields.ForeignKeyField('models.Employee', source_field='employee_id', db_constraint=True, to_field='id', related_name='days', on_delete=OnDelete.RESTRICT)),
                ('day', fields.DateField()),
                ('presence', fields.CharEnumField(default=Presence.NOT_IN, description='NOT_IN: NOT_IN\nPENDING: PENDING\nIN: IN\nOUT: OUT', enum_type=Presence, max_length=8)),
                ('in_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('out_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('late_minutes', fields.IntField(default=0)),
                ('flagged', fields.BooleanField(default=False)),
                ('needs_review', fields.BooleanField(default=False)),
                ('check_in_id', fields.UUIDField(null=True)),
                ('last_change_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'attendance_day', 'app': 'models', 'unique_together': (('employee', 'day'),), 'indexes': [Index(fields=['agency_id', 'day'])], 'pk_attr': 'id', 'table_description': "The live state of a person's day, derived from the day's check-ins whenever one of them changes."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='audit_entries', on_delete=OnDelete.RESTRICT)),
                ('number', fields.BigIntField()),
                ('at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('actor', fields.ForeignKeyField('models.Employee', source_field='actor_id', null=True, db_constraint=True, to_field='id', related_name='audit_acts', on_delete=OnDelete.RESTRICT)),
                ('action', fields.CharField(max_length=64)),
                ('subject', fields.ForeignKeyField('models.Employee', source_field='subject_id', null=True, db_constraint=True, to_field='id', related_name='audit_mentions', on_delete=OnDelete.RESTRICT)),
                ('object_name', fields.CharField(default='', max_length=300)),
                ('digest', fields.BinaryField()),
            ],
            options={'table': 'audit_entry', 'app': 'models', 'unique_together': (('agency', 'number'),), 'indexes': [Index(fields=['agency_id', 'subject_id'])], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='CheckIn',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='check_ins', on_delete=OnDelete.RESTRICT)),
                ('employee', fields.ForeignKeyField('models.Employee', source_field='employee_id', db_constraint=True, to_field='id', related_name='check_ins', on_delete=OnDelete.RESTRICT)),
                ('unit', fields.ForeignKeyField('models.Unit', source_field='unit_id', db_constraint=True, to_field='id', related_name='check_ins', on_delete=OnDelete.RESTRICT)),
                ('kind', fields.CharEnumField(description='IN: IN\nOUT: OUT', enum_type=CheckInKind, max_length=4)),
                ('state', fields.CharEnumField(default=CheckInState.PENDING, description='PENDING: PENDING\nACCEPTED: ACCEPTED\nFLAGGED: FLAGGED\nREVIEW: REVIEW\nREFUSED: REFUSED', enum_type=CheckInState, max_length=10)),
                ('day', fields.DateField(description="The unit's local day of `received_at`.")),
                ('received_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('settled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('idempotency_key', fields.CharField(max_length=64)),
                ('content_digest', fields.BinaryField(description='SHA-256 of the submission, to tell a repetition from another content under the same key.')),
                ('frames', fields.JSONField(description="Names of the frames' objects.", encoder=JSON_DUMPS, decoder=loads)),
                ('fixes', fields.JSONField(description='As sent: latitude, longitude, accuracy, altitude, speed, heading, time (ISO 8601).', encoder=JSON_DUMPS, decoder=loads)),
                ('latitude', fields.FloatField(null=True)),
                ('longitude', fields.FloatField(null=True)),
                ('device_id', fields.CharField(default='', max_length=64)),
                ('device_kind', fields.CharField(default='PHONE', max_length=8)),
                ('device_time', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('reasons', fields.JSONField(default=list, description='[{"code", "level", "params"}], gravest first.', encoder=JSON_DUMPS, decoder=loads)),
                ('evidence', fields.JSONField(default=dict, description='{"face": …, "position": …}: scores with the thresholds and model ids that judged them.', encoder=JSON_DUMPS, decoder=loads)),
                ('location', fields.ForeignKeyField('models.DutyLocation', source_field='location_id', null=True, db_constraint=True, to_field='id', related_name='check_ins', on_delete=OnDelete.RESTRICT)),
                ('receipt', fields.CharField(null=True, max_length=16)),
                ('contested_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('contest_reason', fields.CharField(null=True, max_length=500)),
                ('review_decision', fields.CharEnumField(null=True, description='CONFIRM: CONFIRM\nREJECT: REJECT', enum_type=ReviewDecision, max_length=8)),
                ('review_reason', fields.CharField(null=True, max_length=500)),
                ('reviewed_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('reviewer', fields.ForeignKeyField('models.Employee', source_field='reviewer_id', null=True, db_constraint=True, to_field='id', related_name='reviews', on_delete=OnDelete.RESTRICT)),
            ],
            options={'table': 'check_in', 'app': 'models', 'unique_together': (('employee', 'idempotency_key'),), 'pk_attr': 'id', 'table_description': 'One accepted submission. What the phone said is kept as said; the verdict is ours.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='CheckInNonce',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='check_in_nonces', on_delete=OnDelete.RESTRICT)),
                ('employee', fields.ForeignKeyField('models.Employee', source_field='employee_id', db_constraint=True, to_field='id', related_name='check_in_nonces', on_delete=OnDelete.RESTRICT)),
                ('digest', fields.BinaryField()),
                ('kind', fields.CharEnumField(description='IN: IN\nOUT: OUT', enum_type=CheckInKind, max_length=4)),
                ('frames', fields.SmallIntField()),
                ('issued_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('spent_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'check_in_nonce', 'app': 'models', 'indexes': [Index(fields=['expires_at'])], 'pk_attr': 'id', 'table_description': 'Permission for one submission by one person, spent once. Only its SHA-256 is kept.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Consent',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='consents', on_delete=OnDelete.RESTRICT)),
                ('employee', fields.ForeignKeyField('models.Employee', source_field='employee_id', db_constraint=True, to_field='id', related_name='consents', on_delete=OnDelete.RESTRICT)),
                ('purpose', fields.CharEnumField(description='FACE_RECOGNITION: FACE_RECOGNITION', enum_type=Purpose, max_length=32)),
                ('version', fields.CharField(max_length=20)),
                ('given_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('withdrawn_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'consent', 'app': 'models', 'indexes': [Index(fields=['employee_id', 'purpose'])], 'pk_attr': 'id'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Credential',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='credentials', on_delete=OnDelete.RESTRICT)),
                ('account', fields.ForeignKeyField('models.Account', source_field='account_id', db_constraint=True, to_field='id', related_name='credentials', on_delete=OnDelete.CASCADE)),
                ('digest', fields.BinaryField(description='SHA-256 of 32 random bytes: as strong as they are, so no slow hash is needed.')),
                ('token_name', fields.CharField(default='', description='Empty for a session.', max_length=80)),
                ('device', fields.CharField(default='', max_length=200)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ('last_seen_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('expires_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('ended_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={'table': 'credential', 'app': 'models', 'indexes': [Index(fields=['account_id'])], 'pk_attr': 'id', 'table_description': "What a request may carry: a login's session, or an API token that somebody named. Both can be ended."},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='DutyAssignment',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='duty_assignments', on_delete=OnDelete.RESTRICT)),
                ('employee', fields.ForeignKeyField('models.Employee', source_field='employee_id', db_constraint=True, to_field='id', related_name='duties', on_delete=OnDelete.RESTRICT)),
                ('location', fields.ForeignKeyField('models.DutyLocation', source_field='location_id', db_constraint=True, to_field='id', related_name='assignments', on_delete=OnDelete.RESTRICT)),
                ('valid_from', fields.DateField()),
                ('valid_until', fields.DateField(null=True)),
            ],
            options={'table': 'duty_assignment', 'app': 'models', 'indexes': [Index(fields=['employee_id', 'valid_from']), Index(fields=['location_id'])], 'pk_attr': 'id', 'table_description': 'A person may check in at a location from a day until a day (inclusive; open when empty).'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='Enrolment',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='enrolments', on_delete=OnDelete.RESTRICT)),
                ('employee', fields.ForeignKeyField('models.Employee', source_field='employee_id', db_constraint=True, to_field='id', related_name='enrolments', on_delete=OnDelete.RESTRICT)),
                ('state', fields.CharEnumField(default=EnrolmentState.PENDING, description='NONE: NONE\nPENDING: PENDING\nACTIVE: ACTIVE\nREFUSED: REFUSED\nREPLACED: REPLACED', enum_type=EnrolmentState, max_length=16)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ('settled_at', fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ('model_id', fields.CharField(null=True, max_length=80)),
                ('photos', fields.JSONField(default=list, description='[{"key": object name, "accepted": bool | null, "reasons": [{"code", "level", "params"}]}]', encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={'table': 'enrolment', 'app': 'models', 'indexes': [Index(fields=['employee_id', 'state'])], 'pk_attr': 'id', 'table_description': 'One to five photographs of a person, checked by the worker, of which the usable ones become templates.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='FaceTemplate',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='face_templates', on_delete=OnDelete.RESTRICT)),
                ('employee', fields.ForeignKeyField('models.Employee', source_field='employee_id', db_constraint=True, to_field='id', related_name='templates', on_delete=OnDelete.RESTRICT)),
                ('enrolment', fields.ForeignKeyField('models.Enrolment', source_field='enrolment_id', db_constraint=True, to_field='id', related_name='templates', on_delete=OnDelete.CASCADE)),
                ('model_id', fields.CharField(max_length=80)),
                ('sealed', fields.BinaryField()),
                ('photo_key', fields.CharField(max_length=200)),
                ('created_at', fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={'table': 'face_template', 'app': 'models', 'indexes': [Index(fields=['employee_id']), Index(fields=['enrolment_id'])], 'pk_attr': 'id', 'table_description': 'A sealed embedding: float32 little-endian, unit length, of the model named beside it.'},
            bases=['Model'],
        ),
        ops.CreateModel(
            name='RoleAssignment',
            fields=[
                ('id', fields.UUIDField(primary_key=True, default=uuid7, unique=True, db_index=True)),
                ('agency', fields.ForeignKeyField('models.Agency', source_field='agency_id', db_constraint=True, to_field='id', related_name='role_assignments', on_delete=OnDelete.RESTRICT)),
                ('employee', fields.ForeignKeyField('models.Employee', source_field='employee_id', db_constraint=True, to_field='id', related_name='roles', on_delete=OnDelete.RESTRICT)),
                ('unit', fields.ForeignKeyField('models.Unit', source_field='unit_id', null=True, db_constraint=True, to_field='id', related_name='roles', on_delete=OnDelete.RESTRICT)),
                ('role', fields.CharEnumField(description='EMPLOYEE: EMPLOYEE\nSUPERVISOR: SUPERVISOR\nHR_ADMIN: HR_ADMIN\nAGENCY_ADMIN: AGENCY_ADMIN\nAUDITOR: AUDITOR', enum_type=Role, max_length=16)),
                ('valid_from', fields.DateField()),
                ('valid_until', fields.DateField(null=True)),
            ],
            options={'table': 'role_assignment', 'app': 'models', 'indexes': [Index(fields=['employee_id'])], 'pk_attr': 'id', 'table_description': "A role held on a unit's subtree, or on the whole agency when `unit` is empty, for a time."},
            bases=['Model'],
        ),
    ]
