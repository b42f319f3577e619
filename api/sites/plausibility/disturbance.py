"""When so many check-ins of one site fail together that the site is at fault, and not the people."""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from api.sites.plausibility.thresholds import PositionThresholds


@dataclass(frozen=True, slots=True)
class Passage:
    """A judged check-in at a site; `failed`: with a position finding of FLAG or worse, held back or not."""

    at: datetime
    person: UUID
    failed: bool


@dataclass(frozen=True, slots=True)
class Span:
    """From the first failure on, up to and without `until`."""

    since: datetime
    until: datetime


def is_disturbed(failures: int, total: int, thresholds: PositionThresholds) -> bool:
    """Whether so many of a site's check-ins fail together that the site is at fault, not the people.

    `failures` of `total` check-ins of different people within `disturbed_window_s` carry a position finding
    of FLAG or worse. Raises ValueError where they are no counts.
    """
    if not 0 <= failures <= total:
        raise ValueError(f"{failures} of {total} are no counts")
    return failures >= thresholds.disturbed_failures and failures >= thresholds.disturbed_share * total


def disturbed_spans(passages: Iterable[Passage], thresholds: PositionThresholds) -> list[Span]:
    """When a site was disturbed, by all its check-ins, oldest first; in whatever order they were judged.

    A span lasts one window beyond its last failure among many: it ends by itself when they cease.
    """
    window = timedelta(seconds=thresholds.disturbed_window_s)
    inside: deque[Passage] = deque()
    people: Counter[UUID] = Counter()
    failing: Counter[UUID] = Counter()
    spans: list[Span] = []
    for passage in passages:
        inside.append(passage)
        _count(passage, people, failing, 1)
        while inside[0].at < passage.at - window:
            _count(inside.popleft(), people, failing, -1)
        if passage.failed and is_disturbed(len(failing), len(people), thresholds):
            since = next(seen.at for seen in inside if seen.failed)
            if spans and since <= spans[-1].until:
                since = spans.pop().since
            spans.append(Span(since, passage.at + window))
    return spans


def _count(passage: Passage, people: Counter[UUID], failing: Counter[UUID], change: int) -> None:
    for counted in (people, failing) if passage.failed else (people,):
        counted[passage.person] += change
        if not counted[passage.person]:
            del counted[passage.person]
