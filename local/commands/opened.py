"""The settings as a command finds them on this machine."""

import contextlib
from collections.abc import Iterator
from typing import Any

from api.core.settings import Settings, load
from local.keys import keys_in


def settings_here(**overrides: Any) -> Settings:
    """As the environment says, with keys of our own where it names none."""
    settings = load(**overrides)
    return settings if settings.keys else settings.model_copy(update={"keys": keys_in(settings.data_dir)})


@contextlib.contextmanager
def settings_with_servers(*, start: bool = True) -> Iterator[Settings]:
    from local.borrowed import servers_for

    with servers_for(settings_here(), start=start) as found:
        yield settings_here(**found)
