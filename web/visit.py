"""One request of one reader, with what every page needs; and how a page's routes are made."""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal
from urllib.parse import quote

import orjson
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from web import session
from web.client import Caller, Client, SignInRequired
from web.language import known
from web.options import WebOptions
from web.render import Pages


@dataclass(frozen=True, slots=True)
class Kit:
    """What the pages of one process share."""

    client: Client
    pages: Pages
    options: WebOptions


class Visit:
    def __init__(self, request: Request) -> None:
        self.request = request
        self.kit: Kit = request.app.state.kit
        self.token = session.read_cookie(request, session.SESSION, self.kit.options)
        self.locale = known(session.read_cookie(request, session.LANGUAGE, self.kit.options))
        self._planted: str | None = None

    @property
    def caller(self) -> Caller:
        client = self.request.client
        return Caller(
            token=self.token,
            locale=self.locale,
            address=client.host if client else "",
            user_agent=self.request.headers.get("user-agent", "")[:512],
        )

    @property
    def here(self) -> str:
        """Path and query of this page; where to come back to after a change of language or a login."""
        query = self.request.url.query
        return self.request.url.path + (f"?{query}" if query else "")

    def query(self, name: str) -> str:
        return self.request.query_params.get(name, "").strip()[:200]

    def path(self, name: str) -> str:
        value = self.request.path_params[name]
        return str(value)

    async def ask(self, text: str, **variables: object) -> dict[str, Any]:
        return await self.kit.client.ask(text, variables, self.caller)

    async def ask_as_stranger(self, text: str, **variables: object) -> dict[str, Any]:
        """Without the session: signing in must not fail because an older session has ended."""
        return await self.kit.client.ask(text, variables, replace(self.caller, token=None))

    async def ask_as_reader(self, text: str, **variables: object) -> dict[str, Any]:
        """As `ask`, for pages of somebody who is signed in: a stranger is sent to the login page."""
        if self.token is None:
            raise SignInRequired
        data = await self.ask(text, **variables)
        if "me" in data and data["me"] is None:
            raise SignInRequired
        return data

    def watch(self, text: str, **variables: object) -> AsyncIterator[bytes]:
        return self.kit.client.watch(text, variables, self.caller)

    def show(self, template: str, context: Mapping[str, Any], *, status: int = 200) -> HTMLResponse:
        """A whole page. `me`, where the page has asked for it, draws the navigation."""
        html = self.kit.pages.whole(template, self.locale, {**self._common(), **context})
        answer = HTMLResponse(html, status_code=status)
        if self._planted:
            session.set_cookie(answer, session.STRANGER, self._planted, self.kit.options)
        return answer

    def block(self, template: str, block: str, context: Mapping[str, Any]) -> str:
        return self.kit.pages.block(template, block, self.locale, {**self._common(), **context})

    def _common(self) -> dict[str, Any]:
        return {
            "csrf": session.csrf_token(self._seed(), self.kit.options.secret),
            "here": self.here,
            "me": None,
        }

    def _seed(self) -> str:
        """What CSRF tokens are bound to: the session's cookie, or a stranger's, made when there is none."""
        stranger = session.read_cookie(self.request, session.STRANGER, self.kit.options)
        seed = self.token or stranger or self._planted
        if seed is None:
            seed = self._planted = secrets.token_urlsafe(24)
        return seed

    async def check_origin(self) -> None:
        """Before anything is changed: sent by one of our pages, with the token of this very cookie."""
        options = self.kit.options
        if not session.from_our_pages(self.request, options):
            raise HTTPException(403)
        token = self.request.headers.get(session.CSRF_HEADER) or await self.field(session.CSRF_FIELD)
        seed = self.token or session.read_cookie(self.request, session.STRANGER, options)
        if session.csrf_valid(token, seed, options.secret):
            return
        # One of our pages, but of a session that has ended since, or of one before the present.
        raise StalePage if self.token else SignInRequired

    @property
    def came_from(self) -> str | None:
        """Path and query of the page of ours that led or sent here."""
        return session.path_of(self.request.headers.get("referer"))

    async def form(self) -> FormData:
        """Fields of an ordinary form; our pages send no multipart and it is not read."""
        if not self.request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            return FormData()
        return await self.request.form(max_fields=30)

    async def field(self, name: str, limit: int = 1000) -> str:
        return str((await self.form()).get(name, ""))[:limit].strip()

    async def json(self) -> dict[str, Any]:
        try:
            body = orjson.loads(await self.request.body())
        except orjson.JSONDecodeError:
            raise HTTPException(400) from None
        if not isinstance(body, dict):
            raise HTTPException(400)
        return body


class StalePage(HTTPException):
    """Sent by a page of ours from before the reader's present session."""

    def __init__(self) -> None:
        super().__init__(403)


Handler = Callable[[Visit], Awaitable[Response]]


def page(method: Literal["GET", "POST"], path: str, handler: Handler) -> Route:
    """A route; every POST is checked for its origin here, so that no page can forget it."""

    async def endpoint(request: Request) -> Response:
        visit = Visit(request)
        if method == "POST":
            await visit.check_origin()
        return await handler(visit)

    return Route(path, endpoint, methods=[method], name=handler.__module__ + "." + handler.__name__)


async def without_slash(visit: Visit) -> Response:
    """Starlette's own redirect names the host that the request claims; this one names none."""
    query = visit.request.url.query
    path = visit.request.url.path.rstrip("/") + (f"?{query}" if query else "")
    return RedirectResponse(session.safe_next(path), status_code=307)


def go(path: str) -> RedirectResponse:
    """After a change: the next page is fetched with GET, so that reloading repeats nothing."""
    return RedirectResponse(path, status_code=303)


def login_path(wanted: str, *, ended: bool) -> str:
    """`ended`: the reader was signed in a moment ago, and is told so."""
    return f"/login?next={quote(session.safe_next(wanted), safe='')}" + ("&ended=1" if ended else "")
