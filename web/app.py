"""The web room as one ASGI application."""

from functools import cache

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.body_limit import RequestBodyLimitMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from web.assets import Assets
from web.client import Client, Execute, Subscribe
from web.errors import HANDLERS
from web.guard import Guard
from web.options import WebOptions
from web.pages.account import page as account
from web.pages.audit import page as audit
from web.pages.check_in import page as check_in
from web.pages.desk import page as desk
from web.pages.enrol import page as enrol
from web.pages.evidence import page as evidence
from web.pages.faces import page as faces
from web.pages.language import page as language
from web.pages.live import page as live
from web.pages.login import page as login
from web.pages.looks import page as looks
from web.pages.people import page as people
from web.pages.queue import page as queue
from web.pages.today import page as today
from web.pages.vouch import page as vouch
from web.render import Pages
from web.session import HOME
from web.visit import Kit, Visit, go, page, without_slash

#: Our forms are small; photographs go to the upload address, never through here.
MAX_BODY_BYTES = 64 * 1024


async def start(visit: Visit) -> Response:
    return go(HOME)


def create_app(execute: Execute, subscribe: Subscribe, options: WebOptions) -> ASGIApp:
    """`execute` and `subscribe` are the only way from here to the data; see `web.client` for their shape."""
    assets, pages = _read()
    routes = [
        page("GET", "/", start),
        Route("/static/{name:path}", assets.serve, methods=["GET"]),
        *login.routes,
        *language.routes,
        *today.routes,
        *check_in.routes,
        *enrol.routes,
        *desk.routes,
        *people.routes,
        *audit.routes,
        *live.routes,
        *queue.routes,
        *evidence.routes,
        *faces.routes,
        *vouch.routes,
        *account.routes,
        *looks.routes,
        page("GET", "/{path:path}/", without_slash),
    ]
    app = Starlette(
        routes=routes,
        exception_handlers=HANDLERS,
        middleware=[
            Middleware(GZipMiddleware, minimum_size=600, compresslevel=6),
            Middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BODY_BYTES),
        ],
    )
    app.router.redirect_slashes = False
    app.state.kit = Kit(Client(execute, subscribe), pages, options)
    # Outermost, so that also the answer to a surprise carries the headers.
    return Guard(app, options)


@cache
def _read() -> tuple[Assets, Pages]:
    """Our files: read, and their templates compiled, once a process, whatever number of applications it makes."""
    assets = Assets()
    return assets, Pages(assets)
