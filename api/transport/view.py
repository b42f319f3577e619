"""/graphql in all its ways."""

from starlette.routing import BaseRoute, Route, WebSocketRoute

from api.core.runtime import Runtime
from api.transport.engine import Engine
from api.transport.http import HttpEndpoint
from api.transport.websocket import WebSocketEndpoint

PATH = "/graphql"


def graphql_routes(runtime: Runtime) -> list[BaseRoute]:
    engine = Engine(runtime)
    return [Route(PATH, HttpEndpoint(engine)), WebSocketRoute(PATH, WebSocketEndpoint(engine))]
