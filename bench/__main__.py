"""`make bench`: everything that is measured, in one table and one file."""

import argparse
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from bench.rows import Row, row, table, verdict

RESULTS = Path(__file__).parent / "results" / "latest.json"
#: Module → what it measures. Each offers measure() -> list of rows.
MEASUREMENTS = {
    "bench.accept": ("P1", "P3", "P4", "P11"),
    "bench.queries": ("P5",),
    "bench.growth": ("P10",),
    "bench.pages": ("P11", "P14"),
    "bench.browser": ("P12", "P13"),
    "bench.processes": ("P15", "P16"),
    "bench.vision": ("P6", "P15", "P16"),
    "bench.rates": ("RATE",),
    "bench.worker": ("P6", "P7", "LATENCY"),
    "bench.live": ("P8", "P9"),
}


def main() -> int:
    """1 when a measurement failed; a goal that was missed is told in the table."""
    asked = _arguments()
    wanted = {name.upper() for name in asked.ids}
    rows: list[Row] = []
    began = time.monotonic()
    for module, ids in MEASUREMENTS.items():
        if wanted.isdisjoint(ids) and wanted:
            continue
        print(f"bench: {module} ({', '.join(ids)})", flush=True)
        found = _measured(module, ids)
        rows += [one for one in found if not wanted or one["id"].upper() in wanted]
    rows = [{**one, "verdict": verdict(one)} for one in rows]
    _write(asked.json, rows, time.monotonic() - began)
    print(f"\n{table(rows)}\n\nWritten to {asked.json} after {time.monotonic() - began:.0f} s.")
    return int(any(one.get("failed") for one in rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m bench", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID", help="only these, as in P1 P3; all without")
    parser.add_argument("--json", type=Path, default=RESULTS, help="where to write the figures")
    return parser.parse_args()


def _measured(module: str, ids: Sequence[str]) -> list[Row]:
    """The module's rows; when it fails, its traceback is printed and the others go on."""
    try:
        return list(import_module(module).measure())
    except Exception as error:
        traceback.print_exc()
        return [{**row(id_, module, None, must=None, note=repr(error)), "failed": True} for id_ in ids]


def _write(path: Path, rows: Sequence[Row], seconds: float) -> None:
    machine = {
        "processors": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load": os.getloadavg(),
    }
    told = {"at": datetime.now(UTC).isoformat(), "seconds": round(seconds), "machine": machine, "rows": rows}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(main())
