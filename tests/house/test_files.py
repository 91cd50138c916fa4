"""What every file keeps to: size, name, and nothing that names a machine, a registry or an open end."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house.tree import PACKAGES, ROOT, files, read

MOST_LINES, MOST_TEST_LINES = 300, 400
DRAWERS = {"utils", "util", "common", "helpers", "helper", "misc", "stuff"}
# Built so that this file does not contain what it looks for.
OPEN_ENDS = re.compile(r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "HA" + "CK")) + r")\b")
MACHINE = re.compile(r"(?<![\w.~/:-])/(?:home|root|Users|work|tmp|mnt|opt|workspace)/[\w.-]+")
REGISTRY = re.compile(r"(?:py" + r"pi\.org|files\.pythonhosted|anaconda\.org|index-url\s+http|anaconda\.com)")
SECRET = re.compile(
    r"(?:AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY|gh[pousr]_[A-Za-z0-9]{30,}|xox[bap]-[0-9A-Za-z-]{10,}|"
    r"sk-[A-Za-z0-9]{32,}|pat-(?:na|eu)\d-[0-9a-f-]{30,}|://[^/\s:@{]+:[^/\s:@{$]{6,}@(?!localhost|127))"
)
LOCK, SPARK_LOCK = ROOT / "requirements.lock", ROOT / "requirements.spark.lock"
TRYTON_LOCK, RIVAL_LOCK = ROOT / "requirements.tryton.lock", ROOT / "requirements.rival.lock"


def lines(path: Path) -> int:
    return read(path).count("\n")


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    long = {
        path.as_posix(): lines(path)
        for path in files(".py")
        if lines(path) > (MOST_TEST_LINES if path.parts[0] == "tests" else MOST_LINES)
    }
    assert not long


def test_no_file_is_a_drawer() -> None:
    assert not [p.as_posix() for p in files() if DRAWERS & {part.partition(".")[0] for part in p.parts}]


@pytest.mark.parametrize(
    "what", [OPEN_ENDS, MACHINE, REGISTRY, SECRET], ids=["open end", "machine", "registry", "secret"]
)
def test_no_file_holds_an(what: re.Pattern[str]) -> None:
    found = []
    for path in files():
        for number, line in enumerate(read(path).splitlines(), 1):
            text = re.sub(r'"image/png": "[^"]*"', "", line)
            # A password in an address is wanted where a test looks for its being hidden.
            if (match := what.search(text)) and not (what in (SECRET, MACHINE) and path.parts[0] == "tests"):
                found.append(f"{path}:{number} {match[0]}")
    assert not found


def test_the_patterns_find_what_they_look_for() -> None:
    assert OPEN_ENDS.search("# TO" + "DO: later")
    assert MACHINE.search('open("/home' + '/anna/data.csv")')
    assert not MACHINE.search("https://example.org/home/page")
    assert REGISTRY.search("https://py" + "pi.org/simple")
    assert SECRET.search("postgres://anna:verysecret" + "@db.example.org/book")
    assert not SECRET.search("postgres://…")


def test_no_file_has_the_name_of_an_object() -> None:
    # A place of a ledger was once turned into a text, and that into a file beside the README.
    assert not [path.name for path in ROOT.iterdir() if "<" in path.name or " object at " in path.name]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_typed_and_says_what_it_is(package: str) -> None:
    assert (ROOT / package / "py.typed").exists()
    init = ROOT / package / "__init__.py"
    assert init.exists(), f"{package} has no __init__.py: it is a namespace package, whose __file__ is None"
    assert ast.get_docstring(ast.parse(init.read_text(encoding="utf-8")))


def test_every_folder_of_code_is_a_package() -> None:
    folders = {path.parent for path in files(".py") if path.parts[0] in PACKAGES}
    assert not sorted(f.as_posix() for f in folders if not (ROOT / f / "__init__.py").exists())


def test_every_module_says_what_it_is() -> None:
    silent = [
        p.as_posix() for p in files(".py") if p.parts[0] in PACKAGES and not ast.get_docstring(ast.parse(read(p)))
    ]
    assert not silent


@pytest.mark.parametrize(
    ("lock", "least"),
    [(LOCK, 100), (SPARK_LOCK, 2), (TRYTON_LOCK, 15), (RIVAL_LOCK, 20)],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_lock_has_a_hash_for_every_package_and_no_address(lock: Path, least: int) -> None:
    text = lock.read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    pinned = [entry for entry in entries if not entry.startswith("#")]
    assert len(pinned) >= least
    assert not [e.partition(" ")[0] for e in pinned if "--hash=sha256:" not in e or "==" not in e.partition(" ")[0]]
    assert not re.search(r"https?://|--index|--find-links|@ file", text)


@pytest.mark.parametrize(
    ("lock", "extras"),
    [(LOCK, ("dev", "postgres", "tune")), (SPARK_LOCK, ("spark",))],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_lock_holds_everything_that_is_asked_for(lock: Path, extras: tuple[str, ...]) -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [line for extra in extras for line in project["optional-dependencies"][extra]]
    if lock == LOCK:
        asked += project["dependencies"]
    names = {re.split(r"[\[<>=!~ ]", line, maxsplit=1)[0].lower().replace("_", "-") for line in asked}
    locked = {line.partition("==")[0].partition("[")[0] for line in lock.read_text(encoding="utf-8").splitlines()}
    assert not names - locked - {project["name"]}
