from tortoise import migrations
from tortoise.migrations import operations as ops

# The trail grows and does nothing else, whoever asks. How an owner takes entries out all the same is said in
# docs/decisions/0010-the-database-keeps-the-trail.md.
FORWARD = [
    """
CREATE FUNCTION audit_entry_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_entry is append-only: % refused', TG_OP USING ERRCODE = 'insufficient_privilege';
END $$""",
    # Once a statement, so that it is refused also where it would find no row; TRUNCATE has no other kind.
    """
CREATE TRIGGER audit_entry_stands BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry
    FOR EACH STATEMENT EXECUTE FUNCTION audit_entry_refuse()""",
]
BACKWARD = [
    "DROP TRIGGER audit_entry_stands ON audit_entry",
    "DROP FUNCTION audit_entry_refuse()",
]


class Migration(migrations.Migration):
    dependencies = [("models", "0004_waiting_index")]
    operations = [ops.RunSQL(FORWARD, BACKWARD)]
