"""GraphQL over HTTP, WebSocket and SSE. Every way in asks the same `Engine`; none of them knows a cookie."""
