"""What calibration adds to the whole."""

from api.calibration.schema import CalibrationMutation, CalibrationQuery
from api.core.slice import Slice

SLICE = Slice(
    queries=(CalibrationQuery,),
    mutations=(CalibrationMutation,),
    arguments={"accept": "True takes it into use, false puts it aside."},
    values={
        "CalibrationState.PROPOSED": "It waits for a decision.",
        "CalibrationState.ACCEPTED": "In use since the day after.",
        "CalibrationState.DISMISSED": "Put aside, or a newer one took its place.",
    },
)
