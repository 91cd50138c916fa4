"""What the documents say is there is there, and what is there is documented."""

from __future__ import annotations

import doctest
import importlib
import importlib.util
import re
import time
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.etree import ElementTree

import pytest

from pipelines.scaffold import CHURN_TOML
from pipelines.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "examples/*/*.md")
    for path in ROOT.glob(pattern)
    if path.name != "results.md"
)


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("churn_docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = load()
settings_page = importlib.import_module("settings_page")  # beside it: found once it is loaded


@pytest.fixture(params=PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def page(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


@pytest.mark.parametrize("path", generate.pages(), ids=lambda path: path.name)
def test_a_generated_page_is_what_the_code_would_write(path: Path) -> None:
    wanted = generate.pages()[path]
    assert path.read_text(encoding="utf-8") == wanted, f"{path.name} is stale: run `python docs/generate.py`."


def test_a_stale_readme_table_is_seen() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert generate.readme(text.replace("| `churn apply` |", "| `churn aply` |")) == generate.readme(text)


def test_a_readme_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="Put both back"):
        generate.readme("# Churn\n")


def test_every_command_and_option_is_documented() -> None:
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    for name, command in generate.commands().items():
        section = text.split(f"## churn {name}\n", 1)[1].split("\n## ")[0]
        for parameter in command.params:
            spelled = parameter.opts if parameter.param_type_name == "option" else [parameter.name]
            missing = [one for one in spelled if not re.search(rf"(?<![\w-]){re.escape(one)}(?![\w-])", section)]
            assert not missing, f"churn {name}: {missing}"
            assert parameter.help, f"churn {name} {spelled} has no help"


def command_of(words: str) -> str:
    """The command that a line after `churn` begins with: its first word, or two where the first is a group."""
    first, *rest = words.split()
    groups = {name.split()[0] for name in generate.commands() if " " in name}
    return f"{first} {rest[0]}" if first in groups and rest else first


def test_every_command_named_in_the_documents_exists(page: Path) -> None:
    known = set(generate.commands())
    code = re.findall(r"`([^`\n]+)`|^((?:\.venv/bin/)?churn .+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    named = {
        command_of(match[1])
        for inline, line in code
        if (match := re.match(r"(?:\.venv/bin/)?churn ([a-z].*)", inline or line))
    }
    assert named <= known, named - known


def test_every_option_named_with_a_command_exists(page: Path) -> None:
    commands = generate.commands()
    for line in re.findall(r"churn ([a-z]+ [^`\n]*)", page.read_text(encoding="utf-8")):
        name, words = command_of(line), line.split()
        if name in commands:
            known = {option for parameter in commands[name].params for option in parameter.opts} | {"--help"}
            given = {word for word in words if word.startswith("--")}
            assert given <= known, f"churn {name}: {given - known}"


def test_every_make_target_named_in_the_documents_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:`|^)make ([a-z-]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named <= targets, named - targets


def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        assert path.exists(), f"{page.name} → {target}"
        if anchor:
            titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, target


def test_every_file_of_ours_named_in_a_document_exists(page: Path) -> None:
    folders = "policy|data_contracts|features|models|serving|proof|pipelines|simulation|tests|docs|notebooks"
    for name in re.findall(rf"`((?:{folders})/[\w./-]+)`", page.read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), f"{page.name} names `{name}`"


def test_the_examples_in_the_generator_hold() -> None:
    found = doctest.testmod(generate)
    assert found.attempted
    assert not found.failed


def test_every_key_of_churn_toml_has_a_meaning_and_no_meaning_is_left_over() -> None:
    assert {key for key, _, _ in settings_page.settings_keys()} == set(settings_page.MEANINGS)


def test_the_defaults_that_the_scaffold_shows_are_the_defaults() -> None:
    assert Settings.model_validate(tomllib.loads(CHURN_TOML)) == Settings()


def test_a_new_key_without_a_meaning_is_refused() -> None:
    with pytest.raises(KeyError, match=re.escape("capacity.share")):
        settings_page.churn_toml_page({k: v for k, v in settings_page.MEANINGS.items() if k != "capacity.share"})


def test_the_exit_codes_are_the_published_ones() -> None:
    assert list(generate.exit_codes()) == [0, 1, 2, 3, 4, 5, 6, 7]


def test_every_project_toml_in_the_examples_is_valid() -> None:
    found = sorted((ROOT / "examples").glob("*/churn.toml"))
    assert found
    for path in found:
        Settings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def test_the_picture_of_the_flow_stands_alone_and_says_what_it_shows() -> None:
    text = (ROOT / "docs" / "flow.svg").read_text(encoding="utf-8")
    picture = ElementTree.fromstring(text)  # noqa: S314 - our own file
    name = "{http://www.w3.org/2000/svg}"
    assert picture.get("role") == "img"
    assert picture.findtext(f"{name}title")
    assert len(picture.findtext(f"{name}desc") or "") > 100
    assert set(re.findall(r"https?://[^\"']+", text)) == {"http://www.w3.org/2000/svg"}
    commands = {word for node in picture.iter(f"{name}text") for word in re.findall(r"churn (\w+)", node.text or "")}
    assert commands <= set(generate.commands())


def test_the_webhook_page_shows_code_that_knows_our_signature_and_no_other() -> None:
    from pydantic import SecretStr

    from serving.writeback.webhook import signature

    page = (ROOT / "docs" / "webhook.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    room: dict[str, Any] = {}
    exec(code, room)  # noqa: S102
    now, body = str(int(time.time())), b'{"kind": "score"}'
    signed = {"X-Churn-Timestamp": now, "X-Churn-Signature": f"sha256={signature(SecretStr('s'), now, body)}"}
    old = str(int(now) - 301)
    kept = {"X-Churn-Timestamp": old, "X-Churn-Signature": f"sha256={signature(SecretStr('s'), old, body)}"}
    assert room["genuine"]("s", signed, body)
    assert not room["genuine"]("s", signed, body + b" ")
    assert not room["genuine"]("t", signed, body)
    assert not room["genuine"]("s", kept, body)
