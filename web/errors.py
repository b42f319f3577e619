"""What a reader sees when a page cannot be shown: a sentence, and what to do next."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from web import htmx
from web.client import ApiError, SignInRequired
from web.visit import Visit, go, login_path

_KNOWN = {
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.SERVICE_UNAVAILABLE,
}


async def on_sign_in_required(request: Request, error: Exception) -> Response:
    """Sends to the login page and remembers where one was going. A change that was not made is not repeated:
    for it, the page it came from is remembered."""
    wanted = htmx.current_path(request) or (
        Visit(request).here if request.method == "GET" else _referer(request)
    )
    path = login_path(wanted or "")
    if htmx.asks(request):
        return htmx.redirect(path)
    if _wants_json(request):
        return JSONResponse({"signIn": path}, status_code=401)
    return go(path)


async def on_api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return _answer(request, error.status, error.message)


async def on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _answer(request, error.status_code)


async def on_surprise(request: Request, error: Exception) -> Response:
    """Starlette logs it with its traceback; the reader is told nothing of it."""
    return _answer(request, 500)


HANDLERS = {
    SignInRequired: on_sign_in_required,
    ApiError: on_api_error,
    HTTPException: on_http_error,
    Exception: on_surprise,
}


def _answer(request: Request, status: int, message: str = "") -> Response:
    visit = Visit(request)
    kind = status if status in _KNOWN else 500 if status >= 500 else 400
    context = {"kind": kind, "message": message}
    if htmx.asks(request) or _wants_json(request):
        text = visit.block("errors/errors.html", "sentence", context).strip()
        if _wants_json(request):
            return JSONResponse({"message": message or text}, status_code=status)
        return htmx.fragment(text, status=status)
    return visit.show("errors/errors.html", context, status=status)


def _wants_json(request: Request) -> bool:
    return request.headers.get("accept", "").startswith("application/json")


def _referer(request: Request) -> str | None:
    referer = request.headers.get("referer")
    return None if referer is None else "/" + referer.split("://", 1)[-1].partition("/")[2]
