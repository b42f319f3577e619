"""What duty locations add to the whole."""

from api.core.slice import Slice

SLICE = Slice(
    shareable={
        "DutyLocation": "id name kind latitude longitude radiusMetres",
        "SiteDisturbance": "id location since until",
    },
    values={
        "PositionResult.INSIDE": "Within the circle, the accuracy included.",
        "PositionResult.NOT_CHECKED": "There was no position or no duty location to hold it against.",
        "PositionResult.OUTSIDE": "Outside the circle, the accuracy included.",
        "PositionResult.UNCERTAIN": "Within the accuracy of the circle's edge.",
        "PositionResult.UNUSABLE": "No fix could be used.",
        "WorkMode.HOME": "A person's home.",
        "WorkMode.OFFICE": "An office of the agency.",
        "WorkMode.OFF_SITE": "Elsewhere, by order.",
    },
)
