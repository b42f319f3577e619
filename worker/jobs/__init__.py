"""What the worker does, one kind of work a file. Each takes an id and is safe to run twice."""

from worker.jobs import enrol_face, purge_faces, verify_check_in

KINDS = (verify_check_in.KIND, enrol_face.KIND, purge_faces.KIND)

__all__ = ["KINDS"]
