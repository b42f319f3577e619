"""What accounts add to the whole."""

from api.accounts.refusals import LoginFailed, PasswordMustChange
from api.accounts.schema import AccountsMutation
from api.core import errors
from api.core.slice import Slice

SLICE = Slice(
    mutations=(AccountsMutation,),
    refusals={errors.LoginFailed: LoginFailed, errors.PasswordMustChange: PasswordMustChange},
    arguments={
        "current": "The password until now.",
        "days": "How many days it holds, 1 to 365.",
        "name": "What it is for, 1 to 80 characters.",
        "new": "The password from now on, 10 to 200 characters.",
    },
)
