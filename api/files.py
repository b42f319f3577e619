"""Photographs over HTTP: taken in at signed addresses, shown at signed addresses, each look logged.

What is shown is shrunk and carries the viewer's name and the time; the photograph itself leaves for nobody.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from api.accounts import access as accounts
from api.audit import service as audit
from api.core.clock import utc_now
from api.core.context import Actor
from api.core.crypto import BoxBroken
from api.core.errors import HadirError, NotFound, Unavailable
from api.core.i18n import locale_of, say
from api.core.marks import LARGE, SMALL, NoPicture, marked
from api.core.runtime import Runtime
from api.core.storage import ENLARGED, FILE_PATH, UPLOAD_PATH
from api.people import access as people
from api.people.time import zone, zone_name
from api.slices import merged

log = structlog.get_logger()

#: How a JPEG begins (ISO/IEC 10918-1, SOI and the next marker): told at once, not after a verdict.
JPEG = b"\xff\xd8\xff"

LOOKS = merged(lambda slice: slice.photographs)

#: A photograph is shown, never run, kept or framed.
SHOWN_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def routes(runtime: Runtime) -> list[Route]:
    # One picture is open at a time: a large one takes tens of megabytes for a moment.
    opener = ThreadPoolExecutor(1, thread_name_prefix="photographs")

    async def upload(request: Request) -> Response:
        return await _upload(runtime, request)

    async def look(request: Request) -> Response:
        return await _look(runtime, request, opener)

    return [
        Route(UPLOAD_PATH + "{key:path}", upload, methods=["PUT"]),
        Route(FILE_PATH + "{name:path}", look, methods=["GET"]),
    ]


async def _upload(runtime: Runtime, request: Request) -> Response:
    key, most = request.path_params["key"], runtime.settings.upload_max_bytes
    query = request.query_params
    if not runtime.storage.admits(UPLOAD_PATH, key, query.get("e", ""), "", query.get("s", "")):
        return _refusal(request, 403, "UPLOAD_REFUSED")
    if _declared_length(request) > most:
        return _refusal(request, 413, "UPLOAD_TOO_LARGE", most=most)
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > most:
                return _refusal(request, 413, "UPLOAD_TOO_LARGE", most=most)
    except ClientDisconnect:
        return Response(status_code=400)
    if not body.startswith(JPEG):
        return _refusal(request, 415, "UPLOAD_NOT_JPEG")
    try:
        if not await runtime.storage.put_once(key, bytes(body)):
            return _refusal(request, 409, "UPLOAD_REPEATED")
    except Unavailable:
        return _refusal(request, 503, "UNAVAILABLE")
    return Response(status_code=204)


async def _look(runtime: Runtime, request: Request, opener: ThreadPoolExecutor) -> Response:
    name, query = request.path_params["name"], request.query_params
    viewer = query.get("v", "")
    if not runtime.storage.admits(FILE_PATH, name, query.get("e", ""), viewer, query.get("s", "")):
        return _refusal(request, 403, "LOOK_REFUSED")
    try:
        actor = (await accounts.actors_by_credential([UUID(viewer)], utc_now())).get(UUID(viewer))
        if actor is None:
            return _refusal(request, 403, "LOOK_REFUSED")
        key, person = await _photograph(actor, name)
        data = await _opened(runtime, key)
        longest = LARGE if name.startswith(ENLARGED) else SMALL
        words = await _words(actor)
        shown = await asyncio.get_running_loop().run_in_executor(opener, marked, data, longest, words)
        if not actor.owns(person):
            await audit.note(actor, "photograph.look", subject_id=person, object_name=name)
    except NoPicture:
        log.warning("photograph.no_picture", key=key)
        return _refusal(request, 404, NotFound.code)
    except HadirError as error:
        return _refusal(request, 503 if isinstance(error, Unavailable) else 404, error.code)
    return Response(shown, media_type="image/jpeg", headers=SHOWN_HEADERS)


async def _photograph(actor: Actor, name: str) -> tuple[str, UUID]:
    """Object and person behind a name, by the rights the viewer has now; NotFound for all else."""
    kind, _, rest = name.removeprefix(ENLARGED).partition("/")
    if kind not in LOOKS:
        raise NotFound
    try:
        return await LOOKS[kind](actor, rest)
    except (ValueError, IndexError):
        raise NotFound from None


async def _words(actor: Actor) -> str:
    """Who looks, and when by the clock of his office."""
    viewer = await people.employee(actor, actor.employee_id)
    now = utc_now().astimezone(zone(actor.time_zone))
    return f"{viewer.name} · {now:%d-%m-%Y %H:%M} {zone_name(actor.time_zone)}"


async def _opened(runtime: Runtime, key: str) -> bytes:
    try:
        return await runtime.storage.get(key)
    except BoxBroken as error:
        log.error("photograph.broken", key=key, error=str(error))
        raise NotFound from error


def _declared_length(request: Request) -> int:
    """0 where nothing usable is declared: the body is counted as it comes all the same."""
    declared = request.headers.get("content-length", "")[:20]
    return int(declared) if declared.isascii() and declared.isdecimal() else 0


def _refusal(request: Request, status: int, code: str, **params: int) -> Response:
    locale = locale_of(request.headers.get("accept-language", ""))
    sentence = say(code, locale, params)
    headers = {"Retry-After": "2"} if status == 503 else None
    return JSONResponse(
        {"code": code, "message": sentence.message, "nextStep": sentence.next_step}, status, headers
    )
