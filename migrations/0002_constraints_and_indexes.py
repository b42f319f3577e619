from tortoise import migrations
from tortoise.migrations import operations as ops

# What CreateModel does not write: checks, unique digests, and the indexes that the hot queries stand on.
FORWARD = [
    "CREATE UNIQUE INDEX credential_digest ON credential (digest)",
    "CREATE UNIQUE INDEX check_in_nonce_digest ON check_in_nonce (digest)",
    "CREATE UNIQUE INDEX consent_one_valid ON consent (employee_id, purpose) WHERE withdrawn_at IS NULL",
    "CREATE INDEX unit_path_prefix ON unit (agency_id, path text_pattern_ops)",
    "CREATE INDEX unit_parent ON unit (parent_id)",
    "CREATE INDEX employee_supervisor ON employee (supervisor_id)",
    "CREATE INDEX role_assignment_unit ON role_assignment (unit_id)",
    "CREATE INDEX check_in_employee ON check_in (employee_id, received_at DESC)",
    "CREATE INDEX check_in_employee_day ON check_in (employee_id, day)",
    "CREATE INDEX check_in_agency_day ON check_in (agency_id, day, received_at DESC)",
    "CREATE INDEX check_in_to_review ON check_in (agency_id, received_at) WHERE state IN ('REVIEW', 'PENDING')",
    "CREATE INDEX check_in_place ON check_in (agency_id, latitude, longitude, received_at)",
    "CREATE INDEX check_in_device ON check_in (agency_id, device_id, day) WHERE device_id <> ''",
    "CREATE INDEX check_in_location ON check_in (location_id, received_at)",
    "CREATE INDEX audit_entry_actor ON audit_entry (actor_id)",
    "ALTER TABLE unit ADD CONSTRAINT unit_path_form CHECK (path LIKE '/%/')",
    "ALTER TABLE employee ADD CONSTRAINT employee_nip_form CHECK (nip ~ '^[0-9]{18}$')",
    "ALTER TABLE duty_location ADD CONSTRAINT duty_location_on_earth CHECK "
    "(latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180 AND radius_metres BETWEEN 1 AND 100000)",
    "ALTER TABLE agency_rule ADD CONSTRAINT agency_rule_period CHECK "
    "(valid_until IS NULL OR valid_until >= valid_from)",
    "ALTER TABLE duty_assignment ADD CONSTRAINT duty_assignment_period CHECK "
    "(valid_until IS NULL OR valid_until >= valid_from)",
    "ALTER TABLE role_assignment ADD CONSTRAINT role_assignment_period CHECK "
    "(valid_until IS NULL OR valid_until >= valid_from)",
    "ALTER TABLE check_in ADD CONSTRAINT check_in_settled_once CHECK ((state = 'PENDING') = (settled_at IS NULL))",
    "ALTER TABLE check_in ADD CONSTRAINT check_in_person_named CHECK "
    "((review_decision IS NULL) = (reviewer_id IS NULL) AND (review_decision IS NULL) = (reviewed_at IS NULL))",
]

BACKWARD = [
    "ALTER TABLE check_in DROP CONSTRAINT check_in_person_named",
    "ALTER TABLE check_in DROP CONSTRAINT check_in_settled_once",
    "ALTER TABLE role_assignment DROP CONSTRAINT role_assignment_period",
    "ALTER TABLE duty_assignment DROP CONSTRAINT duty_assignment_period",
    "ALTER TABLE agency_rule DROP CONSTRAINT agency_rule_period",
    "ALTER TABLE duty_location DROP CONSTRAINT duty_location_on_earth",
    "ALTER TABLE employee DROP CONSTRAINT employee_nip_form",
    "ALTER TABLE unit DROP CONSTRAINT unit_path_form",
    "DROP INDEX audit_entry_actor, check_in_location, check_in_device, check_in_place, check_in_to_review, "
    "check_in_agency_day, check_in_employee_day, check_in_employee, role_assignment_unit, employee_supervisor, unit_parent, "
    "unit_path_prefix, consent_one_valid, check_in_nonce_digest, credential_digest",
]


class Migration(migrations.Migration):
    dependencies = [("models", "0001_initial")]
    operations = [ops.RunSQL(FORWARD, BACKWARD)]
