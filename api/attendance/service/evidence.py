"""What a verdict stands on, as its row keeps it: scores with the thresholds and models that judged them."""

from collections.abc import Mapping
from math import isfinite

from api.attendance.rules import Verdict
from api.attendance.service.case import Case, FaceFindings
from api.biometrics.moves import BurstFrame, Findings, Move
from api.people import service as people
from api.people.models import RuleTopic
from api.sites.rules import PositionVerdict

#: Rules that judge, by the names of their topics.
TOPICS = (RuleTopic.POSITION, RuleTopic.MOVES, RuleTopic.CHALLENGE)
#: Digits that a figure of a frame is kept with.
DIGITS = 3


async def evidence_of(
    case: Case, verdict: Verdict, position: PositionVerdict, face: FaceFindings, moves: Findings | None
) -> dict[str, object]:
    found: dict[str, object] = {
        "face": _face(case, verdict, face),
        "position": _position(position),
        # What the agency had set otherwise than the program's defaults when this was judged.
        "rules": {"face": dict(case.face_rule), **await _rules(case)},
    }
    return {**found, "moves": _moves(face, moves)} if moves else found


async def _rules(case: Case) -> dict[str, Mapping[str, object]]:
    check_in = case.check_in
    return {topic.value: dict(await people.rule(check_in.agency_id, topic, check_in.day)) for topic in TOPICS}


def _face(case: Case, verdict: Verdict, face: FaceFindings) -> dict[str, object]:
    return {
        "similarity": verdict.similarity,
        "threshold": case.thresholds.match,
        "matched": verdict.matched,
        "liveness": verdict.liveness,
        "livenessThreshold": case.thresholds.liveness_review,  # what is taken without a person
        "modelId": face.model_id,
        "livenessModelId": face.liveness_model_id,
        "likeness": face.past.likeness if face.past else None,
        "likenessThreshold": case.thresholds.replay,
        "resembles": str(verdict.repeats) if verdict.repeats else None,
    }


def _position(position: PositionVerdict) -> dict[str, object]:
    return {
        "result": position.result.value,
        "distance": position.distance_m,
        "accuracy": position.accuracy_m,
        "speed": position.speed_kmh,
        "bestFix": position.best_fix,
        "score": position.score,
        "level": position.level_found.name,
    }


def _moves(face: FaceFindings, moves: Findings) -> dict[str, object]:
    shown = moves.shown or (None,) * len(face.burst)
    return {
        "asked": [{"move": move.value, "seen": seen} for move, seen in moves.seen],
        "frames": [_frame(frame, move) for frame, move in zip(face.burst, shown, strict=True)],
    }


def _frame(frame: BurstFrame, shown: Move | None) -> dict[str, object]:
    measured = {
        "at": frame.at,
        "size": frame.size,
        "yaw": frame.yaw,
        "nose": frame.nose,
        "eyes": frame.eyes,
        "alike": frame.alike,
        "likeness": frame.likeness,
    }
    figures = {name: _figure(value) for name, value in measured.items()}
    return {**figures, "faces": frame.faces, "shown": shown.value if shown else None}


def _figure(value: float | None) -> float | None:
    return round(value, DIGITS) if value is not None and isfinite(value) else None
