"""Moves before the camera, as the API shows what was seen of them."""

from collections.abc import Mapping
from typing import Any, Self

import strawberry

from api.biometrics.moves import Move

ChallengeKind = strawberry.enum(
    Move, name="ChallengeKind", description="A move before the camera. Left and right are the person's own."
)


@strawberry.type(description="A move that was asked for.")
class AskedMove:
    kind: ChallengeKind = strawberry.field(description="Which move.")  # type: ignore[valid-type]
    seen: bool = strawberry.field(description="Whether the frames show it begin and end.")


@strawberry.type(
    description="One frame of a burst in figures, about its largest face. Null means not measured."
)
class MoveFrame:
    seconds: float = strawberry.field(description="Since the first frame, by the device's account.")
    faces: int = strawberry.field(description="How many faces were found.")
    shows: ChallengeKind | None = strawberry.field(description="The move it shows; LOOK for none.")  # type: ignore[valid-type]
    size: float | None = strawberry.field(description="The face's height, in heights of the picture.")
    yaw: float | None = strawberry.field(description="Degrees, positive towards the person's own right.")
    nose: float | None = strawberry.field(
        description="Where it lies across the eyes' line, in distances between the eyes; no flat picture moves it."
    )
    eyes: float | None = strawberry.field(description="Probability that they are open, 0 to 1.")
    alike: float | None = strawberry.field(description="Best cosine with an earlier frame, −1 to 1.")
    likeness: float | None = strawberry.field(
        description="Highest correlation with an earlier frame where they are near, −1 to 1; 1 for one picture."
    )

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            seconds=data["at"],
            faces=data["faces"],
            shows=Move(data["shown"]) if data["shown"] else None,
            size=data["size"],
            yaw=data["yaw"],
            nose=data["nose"],
            eyes=data["eyes"],
            alike=data["alike"],
            likeness=data["likeness"],
        )


@strawberry.type(description="What was seen of the moves that were asked for.")
class MovesEvidence:
    asked: list[AskedMove] = strawberry.field(description="In the order asked.")
    frames: list[MoveFrame] = strawberry.field(description="In the order taken, as `Evidence.frames`.")

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        return cls(
            asked=[AskedMove(kind=Move(asked["move"]), seen=asked["seen"]) for asked in data["asked"]],
            frames=[MoveFrame.of(frame) for frame in data["frames"]],
        )
