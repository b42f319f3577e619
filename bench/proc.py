"""What Linux tells of a process (proc(5))."""

import re
from contextlib import suppress
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """Time on a processor, of all its threads, by the scheduler's clock (nanoseconds)."""
    total = 0
    for thread in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        with suppress(FileNotFoundError, ProcessLookupError):  # it ended just now
            total += int(thread.read_text().split()[0])
    return total / 1e9


def resident_mb(pid: int) -> float:
    """Memory it occupies now, what it shares with others included."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024
