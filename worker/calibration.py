"""An agency's templates become a proposed threshold."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from uuid import UUID

import numpy as np
import structlog

from api.biometrics import access as biometrics
from api.biometrics.rules import FaceThresholds
from api.biometrics.sealing import open_template
from api.calibration import service
from api.calibration.models import Calibration
from api.core.crypto import BoxBroken
from api.core.runtime import Runtime
from worker.accuracy import charts
from worker.accuracy.propose import TooFew, propose
from worker.faces import embedding_from

log = structlog.get_logger()


async def calibrate(
    runtime: Runtime, agency_id: UUID, model_id: str, target: float, now: datetime
) -> Calibration:
    """Compares everybody's templates of a model with everybody's and records what follows.

    Never proposes less than the program's own default where the agency is too small to show the target. A
    template that does not open is left out and said. Raises TooFew.
    """
    embeddings, people = [], []
    async for row in biometrics.templates_of(agency_id, model_id):
        try:
            embeddings.append(embedding_from(open_template(runtime, row)))
        except (BoxBroken, ValueError):
            log.error("template.does_not_open", template=str(row.id), employee=str(row.employee_id))
            continue
        people.append(str(row.employee_id))
    if not people:
        raise TooFew
    found = propose(np.array(embeddings, np.float32), people, target, FaceThresholds().match)
    proposed = service.Proposed(
        model_id=model_id,
        people=found.people,
        target=target,
        threshold=found.threshold,
        fmr=asdict(found.fmr),
        fnmr=asdict(found.fnmr),
        provable=found.provable,
        curve=charts.det(found.scores).decode(),
        scores=charts.histogram(found.scores).decode(),
    )
    return await service.record(agency_id, proposed, now)
