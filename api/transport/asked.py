"""What a request asks: read from JSON that a stranger may have sent."""

from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Asked:
    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as the request says: the bearer token is looked up with every operation."""

    token: str | None
    locale: str
    address: str = ""
    user_agent: str = ""


class Malformed(Exception):
    """The request is no GraphQL request; the text says why."""


def read_asked(body: bytes) -> Asked:
    """Raises Malformed. A list, which would be a batch, is refused."""
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Malformed("The body is not JSON.") from None
    return asked_of(data)


def asked_of(data: object) -> Asked:
    if not isinstance(data, dict):
        raise Malformed("One JSON object is expected; batches are not taken.")
    query, variables, name = data.get("query"), data.get("variables"), data.get("operationName")
    if not isinstance(query, str):
        raise Malformed("`query` must be a string.")
    if not isinstance(variables, dict | None):
        raise Malformed("`variables` must be an object.")
    if not isinstance(name, str | None):
        raise Malformed("`operationName` must be a string.")
    return Asked(query, variables, name)


def bearer(authorization: object) -> str | None:
    """The token of an Authorization header; None where it is something else."""
    if not isinstance(authorization, str) or len(authorization) > 200:
        return None
    scheme, _, token = authorization.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None
