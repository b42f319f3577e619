from starlette.responses import Response

from web import session
from web.client import operations
from web.device import describe
from web.visit import Visit, go, page

ASK = operations(__file__)
TEMPLATE = "login/login.html"
MUST_CHANGE = "PASSWORD_MUST_CHANGE"


async def form(visit: Visit) -> Response:
    wanted = session.safe_next(visit.query("next"))
    if visit.token and not visit.query("next"):
        return go(wanted)
    return visit.show(
        TEMPLATE,
        {
            "next": wanted,
            "asked_for": bool(visit.query("next")),
            "ended": bool(visit.query("ended")),
            "nip": "",
            "problem": None,
            "chooses": False,
        },
    )


async def sign_in(visit: Visit) -> Response:
    nip = "".join((await visit.field("nip", 40)).split())
    device = describe(visit.caller.user_agent)
    form = await visit.form()
    password, new = (str(form.get(name, ""))[:201] for name in ("password", "new"))
    given = {"nip": nip, "password": password[:200], "newPassword": new, "device": device}
    wanted = session.safe_next(await visit.field("next"))
    done = (await visit.ask_as_stranger(ASK["Login"], input=given))["login"]
    if done["__typename"] != "LoginDone":
        return _refused(visit, done, nip, wanted, chooses=bool(new) or done["code"] == MUST_CHANGE)
    answer = go(wanted)
    session.sign_in(answer, done["token"], done["expiresAt"], visit.kit.options)
    return answer


def _refused(visit: Visit, problem: dict[str, object], nip: str, wanted: str, *, chooses: bool) -> Response:
    wait = problem.get("retryAfterSeconds")
    context = {"next": wanted, "asked_for": False, "ended": False, "nip": nip, "problem": problem}
    context["chooses"] = chooses
    answer = visit.show(TEMPLATE, context, status=429 if wait else 422)
    if wait:
        answer.headers["Retry-After"] = str(wait)
    return answer


async def sign_out(visit: Visit) -> Response:
    if visit.token:
        await visit.ask(ASK["Logout"])
    answer = go("/login")
    session.sign_out(answer, visit.kit.options)
    return answer


routes = [
    page("GET", "/login", form),
    page("POST", "/login", sign_in),
    page("POST", "/logout", sign_out),
]
