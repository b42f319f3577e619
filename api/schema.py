"""The one schema: the slices' parts merged, with limits made once."""

import strawberry
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from api.accounts.schema import AccountsMutation
from api.attendance.schema.live import AttendanceSubscription
from api.attendance.schema.mutation import AttendanceMutation
from api.attendance.schema.query import AttendanceQuery
from api.audit.schema import AuditQuery
from api.biometrics.schema import BiometricsMutation, BiometricsQuery, BiometricsSubscription
from api.core import graphql
from api.failures import Schema
from api.limits import MOST_TOKENS, QueryLimits, StrangersSeeNoSchema
from api.people.schema import PeopleQuery
from api.viewer import ViewerQuery

Query = merge_types("Query", (ViewerQuery, PeopleQuery, AttendanceQuery, BiometricsQuery, AuditQuery))
Mutation = merge_types("Mutation", (AccountsMutation, BiometricsMutation, AttendanceMutation))
Subscription = merge_types("Subscription", (AttendanceSubscription, BiometricsSubscription))

schema = Schema(
    query=Query,
    mutation=Mutation,
    subscription=Subscription,
    types=[graphql.Problem],
    extensions=[
        lambda: ParserCache(maxsize=500),
        lambda: ValidationCache(maxsize=500),
        QueryLimits,
        StrangersSeeNoSchema,
    ],
    config=StrawberryConfig(auto_camel_case=True),
)


def printed() -> str:
    """The schema in SDL, as schema.graphql keeps it."""
    return schema.as_str() + "\n"


__all__ = ["MOST_TOKENS", "printed", "schema", "strawberry"]
