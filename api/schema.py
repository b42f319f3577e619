"""The one schema: the parts of `slices` merged. Its limits are in `limits`, its errors in `failures`."""

from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from api.accounts.access import actors_by_credential
from api.core import graphql, live, loaders
from api.described import describe
from api.failures import Schema
from api.plain import PlainExecutor
from api.slices import SLICES, merged

Query = merge_types("Query", tuple(part for slice in SLICES for part in slice.queries))
Mutation = merge_types("Mutation", tuple(part for slice in SLICES for part in slice.mutations))
Subscription = merge_types("Subscription", tuple(part for slice in SLICES for part in slice.subscriptions))

live.authenticate_by(actors_by_credential)
graphql.tell_as(merged(lambda slice: slice.refusals))
loaders.load_by(merged(lambda slice: slice.loaders))

schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[graphql.Problem],
    config=StrawberryConfig(auto_camel_case=True),
    execution_context_class=PlainExecutor,
)
describe(schema._schema)


def printed() -> str:
    """The schema in SDL, as schema.graphql keeps it."""
    return schema.as_str() + "\n"
