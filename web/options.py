"""What the web room is told about where it runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WebOptions:
    """`base_url` without a trailing slash; `secret` of 32 bytes or more signs CSRF tokens, and every web
    process of one installation must hold the same; `upload_origin` is scheme://host[:port] of the photograph
    store where that is not our own address."""

    base_url: str
    secret: bytes
    cookie_secure: bool
    upload_origin: str | None = None

    def __post_init__(self) -> None:
        if len(self.secret) < 32:
            raise ValueError("The web secret needs 32 bytes or more.")
