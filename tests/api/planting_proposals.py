"""The face models in use, and thresholds proposed for the agencies of the world."""

from collections.abc import Callable

from api.biometrics.models import FacePack
from api.calibration.models import Calibration, CalibrationState
from tests.api.canaries import Kind
from tests.world import MODEL, Person, World


async def plant_pack(world: World) -> None:
    """Of no agency and no secret. Everybody was enrolled with another, so all have to enrol again."""
    files = [{"file": "recognition.onnx", "sha256": "0" * 64}]
    await FacePack.create(
        model_id=MODEL,
        liveness_model_id="living",
        name="A pack",
        licence="MIT",
        files=files,
        opened_at=world.now,
    )


async def plant_calibrations(world: World, names: Callable[[Person, str, Kind], None]) -> None:
    """Two that the admin has decided, and one that waits."""
    for agency in world.agencies:
        owner = f"agency:{agency}"
        admin = world["agency_admin" if agency == "a" else "b:agency_admin"]
        for state in (CalibrationState.DISMISSED, CalibrationState.ACCEPTED, CalibrationState.PROPOSED):
            decided = state is not CalibrationState.PROPOSED
            row = await Calibration.create(
                id=world.canaries.uuid(owner, Kind.SETTING, "calibration"),
                agency_id=world.agencies[agency],
                made_at=world.now,
                model_id=world.canaries.text(owner, Kind.SETTING, "calibrated model"),
                people=world.canaries.whole(owner, Kind.SETTING, "people calibrated"),
                target=1e-4,
                threshold=0.47,
                in_use=0.45,
                fmr={
                    "value": 0.0,
                    "low": 0.0,
                    "high": 0.1,
                    "trials": world.canaries.whole(owner, Kind.SETTING, "fmr"),
                },
                fnmr={
                    "value": 0.0,
                    "low": 0.0,
                    "high": 0.1,
                    "trials": world.canaries.whole(owner, Kind.SETTING, "fnmr"),
                },
                provable=True,
                accepted=world.canaries.whole(owner, Kind.SETTING, "accepted"),
                accepted_below=world.canaries.whole(owner, Kind.SETTING, "accepted below"),
                curve=world.canaries.text(owner, Kind.SETTING, "curve"),
                scores=world.canaries.text(owner, Kind.SETTING, "scores"),
                state=state,
                decided_at=world.now if decided else None,
                decided_by_id=admin.employee_id if decided else None,
            )
        world.calibrations[agency] = row.id
        names(admin, owner, Kind.SETTING)
