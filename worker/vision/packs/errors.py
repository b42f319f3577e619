"""What can be wrong with a face pack: each says what to do next."""

from __future__ import annotations

from pathlib import Path


class PackError(Exception):
    """A face pack cannot be used."""


class PackMissing(PackError):
    """There is no pack at the path."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"No face pack at {path}. Run `make faces`, or point to a licensed insightface pack."
        )
        self.path = path


class PackBroken(PackError):
    """The pack (or the package it is made from) is not what it claims to be."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"The face pack at {path} cannot be used: {reason}. Remove it and run `make faces`.")
        self.path = path
        self.reason = reason
