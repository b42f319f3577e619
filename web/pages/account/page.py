from typing import Any

from starlette.responses import Response

from web.client import operations
from web.visit import Visit, go, page

ASK = operations(__file__)
DAYS = (30, 90, 365)


async def show(visit: Visit) -> Response:
    return await _shown(visit)


async def _shown(
    visit: Visit,
    *,
    made: dict[str, Any] | None = None,
    problem: dict[str, Any] | None = None,
    refused: str = "",
    typed: str = "",
) -> Response:
    """`refused` names the form that `problem` is about; it stands open again, with what was `typed`."""
    me = (await visit.ask_as_reader(ASK["Account"]))["me"]
    context = {
        "me": me,
        "made": made,
        "problem": problem,
        "refused": refused,
        "typed": typed,
        "days": DAYS,
        "done": visit.query("done"),
    }
    return visit.show("account/account.html", context, status=422 if problem else 200)


async def change_password(visit: Visit) -> Response:
    form = await visit.form()
    given = {name: str(form.get(name, ""))[:201] for name in ("current", "new")}
    answer = (await visit.ask_as_reader(ASK["ChangePassword"], **given))["changePassword"]
    if answer["__typename"] != "PasswordChanged":
        return await _shown(visit, problem=answer, refused="password")
    return go("/account?done=password")


async def end_session(visit: Visit) -> Response:
    """One that has ended already is as good as ended."""
    await visit.ask_as_reader(ASK["EndSession"], id=visit.path("id"))
    return go("/account?done=session")


async def create_token(visit: Visit) -> Response:
    """The token is shown on the answer itself, this once: it is kept nowhere that a later page could read."""
    chosen = await visit.field("days", 4)
    days = int(chosen) if chosen.isdecimal() and int(chosen) in DAYS else DAYS[1]
    name = await visit.field("name", 80)
    answer = (await visit.ask_as_reader(ASK["CreateToken"], name=name, days=days))["createApiToken"]
    if answer["__typename"] != "ApiTokenCreated":
        return await _shown(visit, problem=answer, refused="token", typed=name)
    return await _shown(visit, made=answer)


async def revoke_token(visit: Visit) -> Response:
    await visit.ask_as_reader(ASK["RevokeToken"], id=visit.path("id"))
    return go("/account?done=token")


async def withdraw(visit: Visit) -> Response:
    await visit.ask_as_reader(ASK["Withdraw"])
    return go("/account?done=consent")


routes = [
    page("GET", "/account", show),
    page("POST", "/account/password", change_password),
    page("POST", "/account/sessions/{id:uuid}/end", end_session),
    page("POST", "/account/tokens", create_token),
    page("POST", "/account/tokens/{id:uuid}/revoke", revoke_token),
    page("POST", "/account/consent/withdraw", withdraw),
]
