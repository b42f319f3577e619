"""A set of pictures becomes a card."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np

from worker.accuracy import compare, figures, looks
from worker.accuracy.card import Attack, Attacks, Card, Group, Matching, Point
from worker.accuracy.errors import SetRefused
from worker.accuracy.figures import FARS, Rate, Scores
from worker.accuracy.sets import AttackSet, FaceSet, read_attacks, read_faces
from worker.vision.engine import FaceEngine
from worker.vision.measures import FloatArray

LIBRARIES = ("insightface", "onnxruntime", "numpy", "opencv-python-headless")


def evaluate(
    engine: FaceEngine,
    folder: Path,
    *,
    match: float,
    liveness: tuple[float, float],
    groups: Path | None = None,
    progress: looks.Progress = lambda done, total: None,
) -> Card:
    """The card of an engine on the set in a folder; `match` and `liveness` (refused below, reviewed below) are
    the thresholds in use. Raises SetRefused where the folder holds no set."""
    faces, attacks = read_faces(folder, groups), read_attacks(folder)
    if faces is None and attacks is None:
        raise SetRefused(
            f"{folder}: expected pairs.txt in LFW's layout, a folder with pictures for each person, "
            "or live/ and attack/<kind>/."
        )
    return Card(
        model_id=engine.model_id,
        liveness_model_id=engine.liveness_model_id,
        set_name=folder.resolve().name,
        made_at=datetime.now(UTC),
        versions={name: version(name) for name in LIBRARIES},
        matching=_matching(engine, faces, match, progress) if faces else None,
        attacks=_attacks(engine, attacks, liveness, progress) if attacks else None,
    )


def _matching(engine: FaceEngine, faces: FaceSet, match: float, progress: looks.Progress) -> Matching:
    found = looks.embed(engine, faces.pictures, progress)
    embeddings, missing = found.embeddings, int((~found.acquired).sum())
    if missing == len(faces.pictures):
        raise SetRefused("No face was found in any of the pictures.")
    if faces.pairs:
        listed = compare.of_pairs(embeddings, faces.pairs)
        scores = Scores.of(listed.scores[listed.same], listed.scores[~listed.same])
        points = [
            Point(why, threshold, *figures.errors_at(scores, threshold), sure)
            for why, threshold, sure in _thresholds(scores, match)
        ]
    else:
        listed, crowd = None, compare.Crowd.of(embeddings, faces.people)
        scores = crowd.scores()
        points = [
            Point(why, threshold, *crowd.errors_at(threshold), sure)
            for why, threshold, sure in _thresholds(scores, match)
        ]
    return Matching(
        pictures=len(faces.pictures),
        people=len(set(faces.people)),
        failed=figures.exact(missing, len(faces.pictures)),
        protocol="pairs" if listed else "all",
        scores=scores,
        equal=figures.equal_error(scores),
        points=points,
        groups=_groups(embeddings, faces, match),
        accuracy=compare.fold_accuracy(listed) if listed else None,
    )


def _thresholds(scores: Scores, match: float) -> Iterator[tuple[str, float, bool]]:
    """Why, which, and whether the set can show it."""
    yield "in use", match, True
    for far in FARS:
        threshold = figures.threshold_for(scores, far)
        if threshold is not None:
            yield f"FAR {far:.0e}", threshold, figures.provable(scores, far)


def _groups(embeddings: FloatArray, faces: FaceSet, match: float) -> list[Group]:
    """Impostors of a group's own: with strangers from other groups every group would look better than it is."""
    told = []
    for name in sorted(set(faces.groups.values())):
        rows = [at for at, person in enumerate(faces.people) if faces.groups.get(person) == name]
        crowd = compare.Crowd.of(embeddings[rows], [faces.people[at] for at in rows])
        if crowd.people:
            told.append(Group(name, crowd.people, *crowd.errors_at(match)))
    return told


def _attacks(
    engine: FaceEngine, found: AttackSet, thresholds: tuple[float, float], progress: looks.Progress
) -> Attacks:
    if engine.liveness_model_id is None:
        raise SetRefused("This face pack has no liveness model: there is nothing to measure attacks with.")
    refuse, review = thresholds
    live = looks.liveness(engine, found.live, progress)
    known = [score for score in live if score is not None]
    return Attacks(
        refuse_below=refuse,
        review_below=review,
        refused=_below(known, refuse),
        refused_or_reviewed=_below(known, review),
        without_face=len(live) - len(known),
        live=len(live),
        live_scores=known,
        kinds=[
            _attack(kind, looks.liveness(engine, pictures, progress), refuse, review)
            for kind, pictures in found.attacks.items()
        ],
    )


def _attack(kind: str, scores: Sequence[float | None], refuse: float, review: float) -> Attack:
    known = [score for score in scores if score is not None]
    errors = [sum(score >= threshold for score in known) for threshold in (refuse, review)]
    loose, strict = (figures.exact(count, len(scores)) for count in errors)
    return Attack(kind, len(scores), loose, strict, len(scores) - len(known), known)


def _below(scores: Sequence[float], threshold: float) -> Rate:
    return figures.exact(int((np.array(scores) < threshold).sum()), len(scores))
