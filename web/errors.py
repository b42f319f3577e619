"""What a reader sees when a page cannot be shown: a sentence, and what to do next."""

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from web import htmx, session
from web.client import ApiError, SignInRequired
from web.visit import StalePage, Visit, go, login_path

_KNOWN = {
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.SERVICE_UNAVAILABLE,
}


async def on_sign_in_required(request: Request, error: Exception) -> Response:
    """Sends to the login page and remembers where one was going. A change that was not made is not repeated:
    for it, the page it came from is remembered. Whoever comes from a page of ours was signed in there."""
    visit = Visit(request)
    from_page = htmx.current_path(request) or visit.came_from
    wanted = htmx.current_path(request) or (visit.here if request.method == "GET" else visit.came_from)
    at_the_gate = (from_page or "").startswith("/login")
    path = login_path(wanted or "", ended=not at_the_gate and bool(visit.token or from_page))
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


async def on_stale_page(request: Request, error: Exception) -> Response:
    """The login page itself needs no repeating: its reader has signed in meanwhile."""
    visit = Visit(request)
    if request.url.path == "/login":
        return go(session.safe_next(await visit.field("next")))
    return _answer(request, 403, kind="stale", back=session.safe_next(visit.came_from))


async def on_surprise(request: Request, error: Exception) -> Response:
    """Starlette logs it with its traceback; the reader is told nothing of it."""
    return _answer(request, 500)


HANDLERS = {
    SignInRequired: on_sign_in_required,
    ApiError: on_api_error,
    StalePage: on_stale_page,
    HTTPException: on_http_error,
    Exception: on_surprise,
}


def _answer(
    request: Request,
    status: int,
    message: str = "",
    *,
    kind: int | str | None = None,
    back: str = session.HOME,
) -> Response:
    """`kind` chooses the sentence, where the status says too little; `back` is where the button leads."""
    visit = Visit(request)
    kind = kind or (status if status in _KNOWN else 500 if status >= 500 else 400)
    context = {"kind": kind, "message": message, "back": back}
    if htmx.asks(request) or _wants_json(request):
        text = visit.block("errors/errors.html", "sentence", context).strip()
        if _wants_json(request):
            return JSONResponse({"message": message or text}, status_code=status)
        return htmx.fragment(text, status=status)
    return visit.show("errors/errors.html", context, status=status)


def _wants_json(request: Request) -> bool:
    return request.headers.get("accept", "").startswith("application/json")
