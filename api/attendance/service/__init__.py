"""Use cases of a check-in, in the order of its life: start, accept, settle, review."""
