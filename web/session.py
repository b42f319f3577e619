"""Cookies, CSRF tokens, and where a person may be sent after signing in."""

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from web.options import WebOptions

SESSION = "hadir_session"
STRANGER = "hadir_stranger"
LANGUAGE = "hadir_lang"
HOME = "/today"
CSRF_HEADER = "x-csrf-token"
CSRF_FIELD = "csrf"
_YEAR = 365 * 24 * 3600
_DIGEST = hashlib.sha256().digest_size


def cookie_name(name: str, options: WebOptions) -> str:
    """`__Host-` binds a cookie to this very host over https; browsers refuse the prefix over plain http."""
    return f"__Host-{name}" if options.cookie_secure else name


def read_cookie(request: Request, name: str, options: WebOptions) -> str | None:
    return request.cookies.get(cookie_name(name, options)) or None


def set_cookie(
    response: Response, name: str, value: str, options: WebOptions, *, max_age: int | None = None
) -> None:
    response.set_cookie(
        cookie_name(name, options),
        value,
        max_age=max_age,
        path="/",
        secure=options.cookie_secure,
        httponly=True,
        samesite="lax",
    )


def sign_in(response: Response, token: str, expires_at: str, options: WebOptions) -> None:
    """Sets the session anew, so that an identifier planted before the login is worth nothing after it."""
    seconds = int((datetime.fromisoformat(expires_at) - datetime.now(UTC)).total_seconds())
    set_cookie(response, SESSION, token, options, max_age=max(seconds, 1))
    _drop(response, STRANGER, options)


def sign_out(response: Response, options: WebOptions) -> None:
    _drop(response, SESSION, options)


def remember_language(response: Response, locale: str, options: WebOptions) -> None:
    set_cookie(response, LANGUAGE, locale, options, max_age=_YEAR)


def _drop(response: Response, name: str, options: WebOptions) -> None:
    response.delete_cookie(
        cookie_name(name, options), path="/", secure=options.cookie_secure, httponly=True, samesite="lax"
    )


def csrf_token(seed: str, secret: bytes) -> str:
    """A token bound to the session (or stranger's) cookie, masked afresh each time so that compressed pages
    do not leak it by their length (BREACH)."""
    digest = _digest(seed, secret)
    pad = secrets.token_bytes(_DIGEST)
    return base64.urlsafe_b64encode(pad + _xor(pad, digest)).decode()


def csrf_valid(token: str, seed: str | None, secret: bytes) -> bool:
    if not seed:
        return False
    try:
        raw = base64.urlsafe_b64decode(token.encode())
    except ValueError:
        return False
    if len(raw) != 2 * _DIGEST:
        return False
    return hmac.compare_digest(_xor(raw[:_DIGEST], raw[_DIGEST:]), _digest(seed, secret))


def _digest(seed: str, secret: bytes) -> bytes:
    return hmac.new(secret, b"csrf\0" + seed.encode(), hashlib.sha256).digest()


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def from_our_pages(request: Request, options: WebOptions) -> bool:
    """Whether the browser says that one of our own pages sent this. A client that says nothing passes here
    and still needs the token."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    try:
        return origin == options.base_url or urlsplit(origin).netloc == request.headers.get("host")
    except ValueError:  # no browser sends what is no origin at all
        return False


def path_of(url: str | None) -> str | None:
    """Path and query of an address that a browser names, without scheme and host."""
    return None if url is None else "/" + url.split("://", 1)[-1].partition("/")[2]


def safe_next(value: str | None) -> str:
    """A path on this site, or the first page. Anything that a browser could read as another site, and
    anything with control characters or backslashes, is not followed."""
    if not value or not value.startswith("/") or value.startswith("//") or len(value) > 512:
        return HOME
    if "\\" in value or any(ord(letter) <= 0x20 or ord(letter) == 0x7F for letter in value):
        return HOME
    parts = urlsplit(value)
    if parts.scheme or parts.netloc or parts.path in ("/login", "/logout", "/language"):
        return HOME
    return value
