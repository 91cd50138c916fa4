"""docs/policy.md: no key without a meaning, no meaning without its default."""

from __future__ import annotations

import re

import pytest
import yaml

from policy.archive import leaves
from policy.planned import planned
from policy.policy import load_policy
from policy.reference import Key, entries, page, reference

KEYS = {k.path: k for k in reference(load_policy())}
RULE = re.compile(r"[HWEISOMLFQVRAP]\d{1,2}|")


@pytest.mark.parametrize("key", KEYS.values(), ids=lambda key: key.path)
def test_every_key_has_a_meaning_and_rules_that_look_like_rules(key: Key) -> None:
    assert key.meaning.endswith((".", "?")), key
    assert all(RULE.fullmatch(rule) for rule in key.rules.split(" ")), key.rules


def test_a_key_a_default_a_meaning_and_its_rules() -> None:
    green = KEYS["health.bands.green"]
    assert (green.default, green.rules, green.planned) == ("75", "H2", None)
    assert KEYS["signals.renewal.stages"].default == "[90, 60, 30]"
    assert KEYS["health.inputs"].default is None
    assert KEYS["segments.rows[].accounts_per_csm"].rules == "S4"
    for start, to_come in planned().items():
        below = [
            key.planned for path, key in KEYS.items() if path == start or path.startswith((f"{start}.", f"{start}["))
        ]
        assert to_come in below, start


def test_every_default_of_the_policy_stands_on_the_page() -> None:
    text = page("note")
    given = load_policy().model_dump(mode="json", by_alias=True)
    for path, key in KEYS.items():
        if key.default is None and "[]" not in path:
            value = given
            for part in path.split("."):
                value = value[part]
            # The block reads back as what the policy holds; fields at their default are left out of it.
            shown = dict(leaves(yaml.safe_load("\n".join(entries(load_policy(), path)))))
            assert shown.items() <= dict(leaves(value)).items(), path
            assert all(line in text for line in entries(load_policy(), path))
    sections = set(given) - {"version", "author", "reason"}
    assert set(re.findall(r"^## (.+)$", text, re.MULTILINE)) == sections


def test_a_bar_in_a_meaning_does_not_break_the_table() -> None:
    for line in page("note").splitlines():
        if line.startswith("| "):
            assert len(re.findall(r"(?<!\\)\|", line)) == 5, line
