"""What import-linter's contracts in pyproject.toml take for granted."""

import sys
import tomllib
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
#: All that rules may use beside Python itself.
LIBRARIES = {"haversine"}


def test_every_slice_is_held_to_the_order_within_slices() -> None:
    slices = {f"api.{path.parent.name}" for path in (ROOT / "api").glob("*/slice.py")} - {"api.core"}
    assert slices
    assert slices in [set(contract.get("containers", [])) for contract in CONTRACTS]


def test_a_module_without_a_layer_breaks_a_contract() -> None:
    held = {room for contract in CONTRACTS if contract.get("exhaustive") for room in contract["containers"]}
    folders = {f"api.{path.parent.name}" for path in (ROOT / "api").glob("*/models.py")}
    assert held >= folders | {"api", "local"}


def test_rules_stand_on_nothing_but_python_and_haversine() -> None:
    """Also by way of others."""
    graph = grimp.build_graph("api", include_external_packages=True)
    rules = {name for name in graph.modules if name.split(".")[-1] == "rules"}
    assert len(rules) >= 3
    for name in rules:
        used = {other.split(".")[0] for other in graph.find_upstream_modules(name)}
        assert used - {"api"} <= LIBRARIES | set(sys.stdlib_module_names), name
