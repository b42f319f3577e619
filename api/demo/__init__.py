"""The demonstration agency: invented people, two months of plausible days, and a few enrolled faces."""

from api.demo.accounts import accounts
from api.demo.seed import is_seeded, seed

__all__ = ["accounts", "is_seeded", "seed"]
