"""What attendance adds to the whole."""

from api.attendance import photographs
from api.attendance.schema.by_hand import recorders
from api.attendance.schema.desk import DeskMutation
from api.attendance.schema.live import AttendanceSubscription, attendance_change
from api.attendance.schema.mutation import AttendanceMutation
from api.attendance.schema.query import AttendanceQuery
from api.attendance.schema.refusals import (
    CaptureUnusable,
    IdempotencyConflict,
    NonceUnusable,
    PositionUnusable,
)
from api.core import errors
from api.core.policy import Permission
from api.core.slice import Slice, Source

SLICE = Slice(
    queries=(AttendanceQuery,),
    mutations=(AttendanceMutation, DeskMutation),
    subscriptions=(AttendanceSubscription,),
    refusals={
        errors.NonceUnusable: NonceUnusable,
        errors.CaptureUnusable: CaptureUnusable,
        errors.PositionUnusable: PositionUnusable,
        errors.IdempotencyConflict: IdempotencyConflict,
    },
    sources={"attendanceChanged": Source("attendance", Permission.WATCH_ATTENDANCE, attendance_change)},
    shareable={
        "AttendanceChange": "resync counts changed disturbances",
        "AttendanceCounts": "total in out notIn late pending flagged needsReview byHand",
        "AttendanceDay": "id employee day presence inAt outAt lateMinutes flagged needsReview byHand lastChangeAt "
        "checkInId",
    },
    photographs={"frames": photographs.frame, "templates": photographs.template},
    folders=("frames", "desk"),
    loaders={"recorder": recorders},
    lists={
        "AttendanceChange.changed": 50,
        "AttendanceChange.disturbances": 20,
        "Query.siteDisturbances": 20,
        "AttendanceDay.checkIns": 20,
        "CheckIn.reasons": 5,
        "CheckInStart.challenge": 4,
        "CheckInStart.uploads": 8,
        "Desk.units": 10,
        # Each is two signed addresses, which cost what five plain rows do.
        "Evidence.frames": 40,
        "FaceEvidence.resemblesFrames": 8,
        "MovesEvidence.asked": 3,
        "MovesEvidence.frames": 8,
        "PositionEvidence.fixes": 10,
    },
    arguments={
        "day": "A local day; without it, each person's own today.",
        "filter": "Only those in this state.",
        "from": "From this local day on.",
        "until": "Up to this local day, included.",
        "state": "Only those that stand so.",
    },
    values={
        "AttendanceFilter.BY_HAND": "With a check-in that counts and was recorded by hand.",
        "AttendanceFilter.FLAGGED": "With a check-in that counts but is marked.",
        "AttendanceFilter.IN": "Checked in, and not out.",
        "AttendanceFilter.LATE": "Came after the start of duty.",
        "AttendanceFilter.NEEDS_REVIEW": "With a check-in that waits for a person.",
        "AttendanceFilter.NOT_IN": "Not seen yet.",
        "AttendanceFilter.OUT": "Checked out.",
        "AttendanceFilter.PENDING": "Came, not decided yet.",
        "ChallengeKind.BLINK": "Close both eyes for a moment, then open them.",
        "ChallengeKind.COME_CLOSER": "Bring the face closer, then back.",
        "ChallengeKind.LOOK": "Look straight into the camera.",
        "ChallengeKind.TURN_LEFT": "Turn the head to the left, then back.",
        "ChallengeKind.TURN_RIGHT": "Turn the head to the right, then back.",
        "CheckInKind.IN": "Coming.",
        "CheckInKind.OUT": "Going.",
        "CheckInMethod.BY_HAND": "A person at the desk recorded it.",
        "CheckInMethod.FACE": "The face was compared.",
        "CheckInState.ACCEPTED": "It counts.",
        "CheckInState.FLAGGED": "It counts, and is marked.",
        "CheckInState.PENDING": "Taken and safe; the verdict follows.",
        "CheckInState.REFUSED": "It does not count; the person may contest it or try again.",
        "CheckInState.REVIEW": "It waits for a person.",
        "CheckInState.SUPERSEDED": "A later one with moves took its place.",
        "DeviceKind.DESKTOP": "A computer.",
        "DeviceKind.PHONE": "A phone or tablet.",
        "GoneReason.RETENTION": "The time for which it is kept had ended.",
        "GoneReason.WITHDRAWN": "The person withdrew consent.",
        "Presence.IN": "Checked in, and not out.",
        "Presence.NOT_IN": "Not seen yet, or nothing that counts.",
        "Presence.OUT": "Checked out.",
        "Presence.PENDING": "Came, and a check-in is not decided yet.",
        "ReviewDecision.CONFIRM": "It counts.",
        "ReviewDecision.REJECT": "It does not count.",
    },
)
