"""The API over HTTP: GraphQL with its streams, photographs, and what monitors ask."""

import asyncio
from collections.abc import Awaitable

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from api import figures, files
from api.core import database
from api.core.i18n import locale_of, say
from api.core.runtime import Runtime
from api.failures import is_away
from api.transport.view import graphql_routes

log = structlog.get_logger()


def routes(runtime: Runtime) -> list[BaseRoute]:
    async def ready(_: Request) -> Response:
        return await _ready(runtime)

    async def counted(request: Request) -> Response:
        return await figures.answer(runtime.live, request)

    return [
        *graphql_routes(runtime),
        *files.routes(runtime),
        Route("/healthz", _alive),
        Route("/readyz", ready),
        Route("/metrics", counted),
    ]


def create_app(runtime: Runtime) -> Starlette:
    """The API alone, as tests and an installation without pages use it."""
    return Starlette(routes=routes(runtime), exception_handlers={Exception: _away_or_broken})


async def _alive(_: Request) -> Response:
    """The process answers; nothing else is asked."""
    return PlainTextResponse("ok\n")


async def _ready(runtime: Runtime) -> Response:
    """Fit to take requests: the database is needed, Redis is not (its absence is told)."""
    state = {
        "database": await _answers(database.rows("SELECT 1")),
        "redis": await _answers(runtime.events.ping()),
    }
    return JSONResponse(state, 200 if state["database"] == "ok" else 503)


async def _answers(question: Awaitable[object]) -> str:
    try:
        async with asyncio.timeout(2):
            await question
    except Exception as error:
        log.warning("ready.away", error=repr(error))
        return "away"
    return "ok"


async def _away_or_broken(request: Request, error: Exception) -> Response:
    """For what is raised outside GraphQL: 503 with a time to come back when a server is away."""
    locale = locale_of(request.headers.get("accept-language", ""))
    if is_away(error):
        sentence = say("UNAVAILABLE", locale)
        body = {"code": "UNAVAILABLE", "message": sentence.message, "nextStep": sentence.next_step}
        return JSONResponse(body, 503, {"Retry-After": "2"})
    raise error
