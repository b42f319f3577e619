"""Whether a unit lies in a subtree: its path begins with the path of the subtree's top.

Python, Tortoise and SQL are asked here in one way. In SQL it is `^@` and never LIKE, since a unit's code may
hold `_`, which LIKE would take for any letter.
"""

from collections.abc import Iterable, Sequence

from tortoise.expressions import Q

#: The path of the whole agency: every unit's path begins with it.
WHOLE_AGENCY = "/"
#: Of no unit: each path begins with "/".
NOWHERE = "none"


def lies_in(path: str, top: str) -> bool:
    return path.startswith(top)


def reached(tops: Sequence[str], prefix: str = "") -> Q:
    """Rows whose unit, which `prefix` leads to, lies in one of the subtrees; none at all when there is no top.

    The whole agency is a prefix like any other: an empty Q beside an OR would say nothing instead of "all".
    """
    if not tops:
        return Q(pk__in=[])
    return Q(*(Q(**{f"{prefix}path__startswith": top}) for top in tops), join_type=Q.OR)


def highest(tops: Iterable[str]) -> list[str]:
    """Those that lie in none of the others."""
    different = set(tops)
    return [top for top in different if not any(top != other and lies_in(top, other) for other in different)]
