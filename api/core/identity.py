"""Identifiers made by the program: time-ordered, so that indexes grow at one end."""

from collections.abc import Callable
from uuid import UUID

import uuid_utils.compat

#: A UUID of version 7 (RFC 9562). The library's own function: migrations name it, and may name nothing of ours.
new_id: Callable[[], UUID] = uuid_utils.compat.uuid7
