"""Answers to htmx 4, typed: fragments, redirects, and server-sent events."""

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from web.session import path_of


def asks(request: Request) -> bool:
    return request.headers.get("hx-request") == "true"


def current_path(request: Request) -> str | None:
    """The page the reader is on, without scheme and host."""
    return path_of(request.headers.get("hx-current-url"))


def fragment(html: str, *, status: int = 200, trigger: dict[str, object] | None = None) -> HTMLResponse:
    """`trigger`: events for the page, name → detail."""
    head = {"HX-Trigger": orjson.dumps(trigger).decode()} if trigger else None
    return HTMLResponse(html, status_code=status, headers=head)


def redirect(path: str) -> Response:
    """Makes the whole browser go there; an ordinary redirect would be followed inside the fragment."""
    return Response(status_code=200, headers={"HX-Redirect": path})


def nothing() -> Response:
    """htmx leaves the page as it is."""
    return Response(status_code=204)


def event(name: str, data: str = "") -> bytes:
    """A named server-sent event: htmx triggers it on the connected element and swaps nothing."""
    return f"event: {name}\ndata: {data}\n\n".encode()


def message(html: str) -> bytes:
    """An unnamed server-sent event: htmx swaps it."""
    lines = "".join(f"data: {line}\n" for line in html.splitlines() if line.strip())
    return f"{lines}\n".encode()
