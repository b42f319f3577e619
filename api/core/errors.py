"""The one tree of expected errors.

    HadirError
    ├── SignInRequired      nobody is signed in, or the session has ended
    ├── NotAllowed          the policy table grants this to others
    │   └── NotOneself      what one does for others, and nobody for himself
    ├── NotFound            no such row, or none that this reader may know of
    ├── InvalidInput        a value cannot be used; `field` names it
    ├── LoginFailed         the NIP and the password do not belong together
    │   └── PasswordWrong   the present password is another
    ├── PasswordMustChange  a one-time password opens only to choose another
    ├── TooManyAttempts     wait `retry_after` seconds
    ├── AskTheDesk          the face cannot or may not be compared: a person records the presence
    ├── NonceUnusable       nobody's, or given to somebody else
    │   ├── NonceSpent      a submission was made with it before
    │   └── NonceExpired    its time is over
    ├── CaptureUnusable     the frames' times cannot be those of a burst taken now
    │   ├── CaptureMissing  the moves that were asked for need them
    │   ├── CaptureUnordered
    │   ├── CaptureAhead    later than now
    │   ├── CaptureEarly    before the moves were asked for
    │   ├── CaptureTooLong  moves take seconds
    │   └── FrameTwice      one frame is sent in two places
    ├── ConsentMissing      biometric data need consent first
    ├── NotEnrolled         there is no face to compare with yet
    ├── UploadMissing       a photograph that the request names has not arrived
    ├── PositionUnusable    ask the phone for a new position
    ├── IdempotencyConflict the key was used before with another content
    ├── AlreadyDecided      a person has decided, or there is nothing to decide
    └── Unavailable         a store or a server is away; try again later

Each has a stable code; its sentences stand in `locale/`. Anything else that is raised is a surprise: it is
logged with its traceback and told to nobody.
"""

from typing import ClassVar


class HadirError(Exception):
    code: ClassVar[str]

    def __init__(self, **params: str | int | float) -> None:
        super().__init__(self.code)
        self.params = params


class SignInRequired(HadirError):
    code = "SIGN_IN_REQUIRED"


class NotAllowed(HadirError):
    code = "NOT_ALLOWED"


class NotOneself(NotAllowed):
    detail = "PRESENCE_OF_ONESELF"


class NeedsHr(NotAllowed):
    """Somebody else is enrolled with this face: the decision is an HR admin's."""

    detail = "NEEDS_HR"


class NotFound(HadirError):
    code = "NOT_FOUND"


class InvalidInput(HadirError):
    """`detail` is the code of a sentence of its own; `field` the name the caller used."""

    code = "INVALID_INPUT"

    def __init__(self, field: str, detail: str = "INVALID_INPUT", **params: str | int | float) -> None:
        super().__init__(field=field, **params)
        self.field = field
        self.detail = detail


class LoginFailed(HadirError):
    code = "LOGIN_FAILED"


class PasswordWrong(LoginFailed):
    """Who is signed in did not give his own present password."""

    detail = "PASSWORD_WRONG"


class PasswordMustChange(HadirError):
    code = "PASSWORD_MUST_CHANGE"


class TooManyAttempts(HadirError):
    code = "TOO_MANY_ATTEMPTS"

    def __init__(self, retry_after: int) -> None:
        super().__init__(seconds=retry_after)
        self.retry_after = retry_after


class AskTheDesk(HadirError):
    """`retry_after` seconds until the face may be tried again; None: not by waiting. `detail` says why."""

    code = "ASK_THE_DESK"

    def __init__(self, retry_after: int | None, detail: str = "ASK_THE_DESK", **params: int) -> None:
        super().__init__(seconds=retry_after or 0, **params)
        self.retry_after = retry_after
        self.detail = detail


class NonceUnusable(HadirError):
    code = "NONCE_UNUSABLE"


class NonceSpent(NonceUnusable):
    code = "NONCE_SPENT"


class NonceExpired(NonceUnusable):
    code = "NONCE_EXPIRED"


class CaptureUnusable(HadirError):
    code = "CAPTURE_UNUSABLE"


class CaptureMissing(CaptureUnusable):
    code = "CAPTURE_MISSING"


class CaptureUnordered(CaptureUnusable):
    code = "CAPTURE_UNORDERED"


class CaptureAhead(CaptureUnusable):
    code = "CAPTURE_AHEAD"


class CaptureEarly(CaptureUnusable):
    code = "CAPTURE_EARLY"


class CaptureTooLong(CaptureUnusable):
    code = "CAPTURE_TOO_LONG"


class FrameTwice(CaptureUnusable):
    code = "FRAME_TWICE"


class ConsentMissing(HadirError):
    code = "CONSENT_MISSING"


class NotEnrolled(HadirError):
    code = "NOT_ENROLLED"


class UploadMissing(HadirError):
    code = "UPLOAD_MISSING"


class PositionUnusable(HadirError):
    """Carries the code of the rule that refused the fixes (POSITION_STALE, POSITION_AHEAD)."""

    code = "POSITION_UNUSABLE"

    def __init__(self, detail: str, **params: str | int | float) -> None:
        super().__init__(**params)
        self.detail = detail


class IdempotencyConflict(HadirError):
    code = "IDEMPOTENCY_CONFLICT"


class AlreadyDecided(HadirError):
    code = "ALREADY_DECIDED"


class Unavailable(HadirError):
    code = "UNAVAILABLE"
