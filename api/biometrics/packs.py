"""The face models in use, and who must enrol again because of them, as the API shows it."""

from datetime import datetime

import strawberry

from api.biometrics import models, pack
from api.core.graphql import Info
from api.core.relay import Connection, as_uuid, connect, page_size, read_cursor
from api.people.schema import Employee

MOST_FILES = 10


@strawberry.type(description="A model file of a face pack.")
class FacePackFile:
    file: str = strawberry.field(description="Its name in the pack.")
    sha256: str = strawberry.field(description="Its SHA-256, hexadecimal.")


@strawberry.type(description="The models that find and compare faces in this installation.")
class FacePack:
    model_id: str = strawberry.field(description="Pack and recogniser; each verdict keeps it.")
    liveness_model_id: str | None = strawberry.field(
        description="The liveness model; null where the pack has none: every check-in is then looked at by a person."
    )
    name: str = strawberry.field(description="What the pack calls itself.")
    licence: str = strawberry.field(description="Its licence, as far as the pack says.")
    files: list[FacePackFile] = strawberry.field(description="The model files, where the pack states hashes.")
    first_opened_at: datetime = strawberry.field(description="In use since.")

    @classmethod
    def of(cls, row: models.FacePack) -> "FacePack":
        return cls(
            model_id=row.model_id,
            liveness_model_id=row.liveness_model_id,
            name=row.name,
            licence=row.licence,
            files=[FacePackFile(file=each["file"], sha256=each["sha256"]) for each in row.files[:MOST_FILES]],
            first_opened_at=row.first_opened_at,
        )


@strawberry.type
class FacePackQuery:
    @strawberry.field(description="The face models in use; null before a worker has opened any.")
    async def face_pack(self, info: Info) -> FacePack | None:
        assert info.context.actor
        row = await pack.in_use()
        return FacePack.of(row) if row else None

    @strawberry.field(
        description="People whose face was enrolled with models that are no longer in use, for those who run faces:"
        " each of them is asked to enrol again."
    )
    async def stale_enrolments(
        self, info: Info, first: int = 50, after: str | None = None
    ) -> Connection[Employee]:
        found = await pack.stale(info.context.actor)
        rows = found
        if key := read_cursor(after, 2):
            name, last = str(key[0]), as_uuid(key[1], "after")
            rows = rows.filter(pack.behind(name, last))
        return connect(
            await rows.order_by("name", "id").limit(page_size(first) + 1),
            first=first,
            after=after,
            total=found.count,
            node=Employee.of,
            key=lambda row: [row.name, row.id],
        )
