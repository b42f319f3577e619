"""What holds for the source as a whole."""

import ast
import importlib
import re
import subprocess
from pathlib import Path

import pytest
from tortoise import Tortoise
from tortoise.fields.relational import ForeignKeyFieldInstance

from api.core.database import MODEL_MODULES
from api.core.policy import TABLE, Permission, Role
from worker.jobs import KINDS

ROOT = Path(__file__).parents[2]
LONGEST = 500
#: Written by programs, or lists that are as long as what they list.
LISTS = re.compile(r"\.lock$|\.po$|^schema\.graphql$|^LICENSE$|^NOTICE$")
#: Longer than a file should be, and why it is one.
LONGER = {
    "tests/api/sites/test_rules_position.py": "one table: each position rule at the numbers where it speaks"
}
#: Models that belong to no agency.
OF_NO_AGENCY = {
    "Agency": "is one",
    "FacePack": "the models of an installation",
    "OutboxEntry": "names a row that has one; a worker serves all",
}
#: Put together here, so that this file does not say what no file may say.
REGISTRIES = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "crates" + ".io"]
MACHINE = re.compile(r"(?<![\w.])/(?:work|root|Users|home/\w+)/")


def tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in listed.splitlines() if (ROOT / name).is_file()]


def texts() -> dict[str, str]:
    found = {}
    for name in tracked():
        data = (ROOT / name).read_bytes()
        if b"\0" not in data:
            found[name] = data.decode("utf-8")
    return found


@pytest.fixture(scope="module")
def source() -> dict[str, str]:
    try:
        return texts()
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout: what belongs to the source is not known")


def test_no_file_is_too_long(source: dict[str, str]) -> None:
    long = {name for name, text in source.items() if text.count("\n") > LONGEST and not LISTS.search(name)}
    assert long == set(LONGER), "split it, or say in LONGER why not"


def test_no_file_names_a_registry_or_a_place_on_somebodys_machine(source: dict[str, str]) -> None:
    for name, text in source.items():
        assert not [host for host in REGISTRIES if host in text], name
        assert not MACHINE.search(text), (name, MACHINE.search(text))


def test_no_file_holds_a_key_or_a_weight(source: dict[str, str]) -> None:
    assert not [name for name in tracked() if name.endswith((".onnx", ".pem", ".key", ".p12", ".env"))]
    private = "-----BEGIN " + "PRIVATE KEY"
    assert not [name for name, text in source.items() if private in text]


def test_there_is_nothing_left_to_do(source: dict[str, str]) -> None:
    marks = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
    found = [name for name, text in source.items() if not LISTS.search(name) and marks.search(text)]
    assert found == []


def recorded_jobs() -> set[str]:
    """Names that the API records in the outbox or rings for."""
    found: set[str] = set()
    for path in (ROOT / "api").rglob("*.py"):
        text = path.read_text("utf-8")
        for statement in re.findall(r"INSERT INTO outbox[^;]*?SELECT \$\d+, ('\w+')", text):
            found.add(statement.strip("'"))
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Call):
                continue
            called = ast.unparse(node.func)
            argument = {"outbox.record": 1, "record": 1}.get(
                called, 0 if called.endswith("events.work") else None
            )
            if argument is not None and path.name != "outbox.py":
                module = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
                found.add(eval(ast.unparse(node.args[argument]), vars(module)))
    return found


def test_every_job_that_is_recorded_is_somebodys_work() -> None:
    assert recorded_jobs() == {kind.job for kind in KINDS}


def test_migrations_stand_on_nothing_that_changes() -> None:
    """A table was made with the words of its day: a word that the program drops later must not rewrite that."""
    ours = {"api", "web", "worker", "local", "bench", "hadir", "tests"}
    for path in (ROOT / "migrations").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {name.split(".")[0] for name in names} & ours, f"{path.name}, line {node.lineno}"


def test_every_row_belongs_to_one_agency() -> None:
    Tortoise.init_models(MODEL_MODULES, "models")
    models = {model.__name__: model for model in Tortoise.apps["models"].values()}
    without = set()
    for name, model in models.items():
        agency = model._meta.fields_map.get("agency")
        if not isinstance(agency, ForeignKeyFieldInstance) or agency.null:
            without.add(name)
    assert without == set(OF_NO_AGENCY)


def test_the_document_of_permissions_is_the_table() -> None:
    """Header: roles; a row: permission, what it lets one do, and a mark for each role that holds it."""
    document = (ROOT / "docs" / "permissions.md").read_text("utf-8")
    lines = [line.strip("|").split("|") for line in document.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line] for line in lines]
    roles = [Role(cell.upper().replace(" ", "_")) for cell in rows[0][2:]]
    said = {
        row[0].strip("`"): {role for role, mark in zip(roles, row[2:], strict=True) if mark}
        for row in rows[2:]
    }
    assert said == {p.value: {role for role in Role if p in TABLE[role]} for p in Permission}
    assert all(row[1] for row in rows[2:])
    assert set(Role) - set(roles) == {Role.EMPLOYEE}
    assert not TABLE[Role.EMPLOYEE]
