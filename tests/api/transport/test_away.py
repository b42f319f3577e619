"""What is told when a server is away: that trying again helps, whatever way the database went."""

import asyncpg
import pytest
from graphql import GraphQLError
from tortoise.exceptions import DBConnectionError

from api.core.errors import Unavailable
from api.failures import told


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(Unavailable(), id="the store"),
        pytest.param(OSError(113, "No route to host"), id="a host that cannot be reached"),
        pytest.param(ConnectionRefusedError(), id="nobody listens"),
        pytest.param(TimeoutError(), id="no answer"),
        pytest.param(DBConnectionError("away"), id="no connection"),
        pytest.param(
            asyncpg.InternalClientError("unexpected state"), id="broken off in the middle of a message"
        ),
        pytest.param(asyncpg.ConnectionDoesNotExistError(), id="broken off in the middle of a statement"),
        pytest.param(asyncpg.CannotConnectNowError(), id="starting"),
        pytest.param(asyncpg.AdminShutdownError(), id="stopping"),
        pytest.param(asyncpg.TooManyConnectionsError(), id="crowded"),
        pytest.param(asyncpg.DiskFullError(), id="full"),
        pytest.param(asyncpg.DeadlockDetectedError(), id="a deadlock"),
    ],
)
def test_a_server_that_is_away_is_told_as_such(error: Exception) -> None:
    (answer,) = told([GraphQLError("", original_error=error)], None)
    assert (answer.extensions or {})["code"] == "UNAVAILABLE"


def test_a_surprise_is_none() -> None:
    (answer,) = told([GraphQLError("", original_error=ValueError())], None)
    assert (answer.extensions or {})["code"] == "INTERNAL"
