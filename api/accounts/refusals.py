"""Why nobody is signed in, as members of results."""

import strawberry

from api.core.graphql import Problem


@strawberry.type(description="The NIP and the password do not belong together.")
class LoginFailed(Problem):
    pass


@strawberry.type(description="The password is good for one login, which brings a new one: `newPassword`.")
class PasswordMustChange(Problem):
    pass
