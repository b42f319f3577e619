"""The one schema: the slices' parts merged. Its limits are in `limits`, its errors in `failures`."""

from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from api.accounts.access import actors_by_credential
from api.accounts.schema import AccountsMutation
from api.attendance.schema.live import AttendanceSubscription
from api.attendance.schema.mutation import AttendanceMutation
from api.attendance.schema.query import AttendanceQuery
from api.audit.schema import AuditQuery
from api.biometrics.schema import BiometricsMutation, BiometricsQuery, BiometricsSubscription
from api.core import graphql, live
from api.described import describe
from api.failures import Schema
from api.people.schema import PeopleQuery
from api.plain import PlainExecutor
from api.viewer import ViewerQuery

Query = merge_types("Query", (ViewerQuery, PeopleQuery, AttendanceQuery, BiometricsQuery, AuditQuery))
Mutation = merge_types("Mutation", (AccountsMutation, BiometricsMutation, AttendanceMutation))
Subscription = merge_types("Subscription", (AttendanceSubscription, BiometricsSubscription))

live.authenticate_by(actors_by_credential)

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
