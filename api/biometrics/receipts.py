"""What was erased after a withdrawal, as the API shows it to whom it concerns."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from api.biometrics import access, models
from api.core.context import Actor

MOST = 20

ErasedKind = strawberry.enum(models.ErasedKind, name="ErasedKind", description="What was made of a face.")


@strawberry.type(description="How much of a kind was erased.")
class ErasedCount:
    kind: ErasedKind = strawberry.field(description="What it was.")  # type: ignore[valid-type]
    count: int = strawberry.field(description="How many there were.")


@strawberry.type(description="What a withdrawal of consent takes away; with a number, the receipt for it.")
class Erasure:
    id: UUID = strawberry.field(description="Identifier.")
    asked_at: datetime = strawberry.field(description="When consent was withdrawn.")
    gone_at: datetime | None = strawberry.field(
        description="Since when everything is gone; null while it is being erased, within the hour."
    )
    number: str | None = strawberry.field(
        description="Number of the receipt, which is that of its entry in the audit trail."
    )
    digest: str | None = strawberry.field(
        description="SHA-256 of the receipt, hexadecimal: the object of that entry."
    )
    erased: list[ErasedCount] = strawberry.field(description="What was erased, by kind.")

    @classmethod
    def of(cls, row: models.Erasure) -> Self:
        return cls(
            id=row.id,
            asked_at=row.asked_at,
            gone_at=row.gone_at,
            number=str(row.number) if row.number else None,
            digest=bytes(row.digest).hex() if row.digest else None,
            erased=[
                ErasedCount(kind=kind, count=row.counts[kind.value])
                for kind in models.ErasedKind
                if kind.value in row.counts
            ],
        )


async def own_erasures(actor: Actor) -> list[Erasure]:
    return [Erasure.of(row) for row in await access.own_erasures(actor).limit(MOST)]
