"""Headers that every answer of the web room carries."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.options import WebOptions
from web.stream import DIRECT


def content_security_policy(options: WebOptions) -> str:
    """Nothing but our own files runs, and pages talk to us and to the photograph store only."""
    store = f" {options.upload_origin}" if options.upload_origin else ""
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": f"'self' blob: data:{store}",
        "connect-src": f"'self'{store}",
        "media-src": "blob:",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def headers(options: WebOptions) -> dict[str, str]:
    always = {
        "Content-Security-Policy": content_security_policy(options),
        "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=(), usb=()",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if options.cookie_secure:
        always["Strict-Transport-Security"] = "max-age=31536000"
    return always


class Guard:
    """Adds the headers; what a page sets itself stays. Pages are personal, so nobody keeps them."""

    def __init__(self, app: ASGIApp, options: WebOptions) -> None:
        self.app = app
        self.always = headers(options)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(scope=message)
                for name, value in self.always.items():
                    found.setdefault(name, value)
                found.setdefault("Cache-Control", "no-store")
            await send(message)

        scope[DIRECT] = send
        await self.app(scope, receive, guarded)
