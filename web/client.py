"""The only door to the API: two callables, and the words of the errors that come back through it."""

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Protocol

import orjson

#: An operation or a fragment begins at the start of a line; that is how a page's file is taken apart.
_DEFINITION = re.compile(r"^(query|mutation|subscription|fragment)\s+(\w+)", re.MULTILINE)
_SPREAD = re.compile(r"\.\.\.\s*(?!on\b)(\w+)")


class Execute(Protocol):
    async def __call__(
        self,
        query: str,
        variables: dict[str, object],
        *,
        token: str | None,
        locale: str,
        address: str,
        user_agent: str,
    ) -> dict[str, Any]: ...


class Subscribe(Protocol):
    """Each item is an encoded {"data": …} or {"errors": …}; subscribers of one scope get the same object."""

    def __call__(
        self, query: str, variables: dict[str, object], *, token: str | None, locale: str
    ) -> AsyncIterator[bytes]: ...


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a page asks."""

    token: str | None
    locale: str
    address: str
    user_agent: str


class ApiError(Exception):
    """The API did not answer the question; `message` is in the reader's language."""

    status: ClassVar[int] = 500

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message


class SignInRequired(ApiError):
    status = 401


class NotAllowed(ApiError):
    status = 403


class LimitExceeded(ApiError):
    status = 400


class Unavailable(ApiError):
    status = 503


class NotFound(ApiError):
    """There is no such thing, or none that this reader may know of (any more)."""

    status = 404


class Unusable(ApiError):
    """The API could not use what was sent."""

    status = 400


_BY_CODE: dict[str, type[ApiError]] = {
    "NOT_FOUND": NotFound,
    "INVALID_INPUT": Unusable,
    "BAD_REQUEST": Unusable,
    "SIGN_IN_REQUIRED": SignInRequired,
    "NOT_ALLOWED": NotAllowed,
    "LIMIT_EXCEEDED": LimitExceeded,
    "UNAVAILABLE": Unavailable,
}


@cache
def operations(page_file: str) -> Mapping[str, str]:
    """Operation name → its text with the fragments it uses, from the .graphql file beside a page."""
    folder = Path(page_file).parent
    source = (folder / f"{folder.name}.graphql").read_text("utf-8")
    found = list(_DEFINITION.finditer(source))
    ends = [match.start() for match in found[1:]] + [len(source)]
    texts = {m.group(2): source[m.start() : end].strip() for m, end in zip(found, ends, strict=True)}
    kinds = {m.group(2): m.group(1) for m in found}
    return {name: _with_fragments(name, texts) for name, kind in kinds.items() if kind != "fragment"}


def _with_fragments(name: str, texts: Mapping[str, str]) -> str:
    wanted = [name]
    for text in wanted:
        wanted += [spread for spread in _SPREAD.findall(texts[text]) if spread not in wanted]
    return "\n".join(texts[part] for part in dict.fromkeys(wanted))


def opened(answer: dict[str, Any]) -> dict[str, Any]:
    """The data of an answer; ApiError when it carries errors, by the first one's code."""
    errors = answer.get("errors")
    if errors:
        first = errors[0]
        code = (first.get("extensions") or {}).get("code", "INTERNAL")
        raise _BY_CODE.get(code, ApiError)(first.get("message", ""))
    data: dict[str, Any] = answer["data"]
    return data


class Client:
    def __init__(self, execute: Execute, subscribe: Subscribe) -> None:
        self._execute = execute
        self._subscribe = subscribe

    async def ask(self, text: str, variables: dict[str, object], caller: Caller) -> dict[str, Any]:
        """The answer's data; ApiError when the API could not or would not answer."""
        return opened(
            await self._execute(
                text,
                variables,
                token=caller.token,
                locale=caller.locale,
                address=caller.address,
                user_agent=caller.user_agent,
            )
        )

    def watch(self, text: str, variables: dict[str, object], caller: Caller) -> AsyncIterator[bytes]:
        """Encoded answers as they come; `decoded` reads one."""
        return self._subscribe(text, variables, token=caller.token, locale=caller.locale)


def decoded(payload: bytes) -> dict[str, Any]:
    return opened(orjson.loads(payload))
