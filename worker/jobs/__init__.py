"""What the worker does, one kind of work a file. Each takes an id and is safe to run twice."""

from worker.jobs import enrol_face, purge_faces, settle_again, verify_check_in, watch_site

KINDS = (
    verify_check_in.KIND,
    enrol_face.KIND,
    purge_faces.KIND,
    settle_again.KIND,
    watch_site.KIND,
)

__all__ = ["KINDS"]
