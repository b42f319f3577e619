"""What the personnel section adds to the whole."""

from api.core.slice import Slice
from api.personnel.schema import PersonnelMutation, roles_of

SLICE = Slice(mutations=(PersonnelMutation,), loaders={"roles": roles_of}, lists={"Employee.roles": 6})
