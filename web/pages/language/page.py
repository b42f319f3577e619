from starlette.responses import Response

from web import session
from web.language import known
from web.visit import Visit, go, page


async def change(visit: Visit) -> Response:
    """The language is kept in a cookie, for strangers too."""
    answer = go(session.safe_next(await visit.field("next")))
    session.remember_language(answer, known(await visit.field("locale")), visit.kit.options)
    return answer


routes = [page("POST", "/language", change)]
