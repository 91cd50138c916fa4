"""Every key of the policy with its default, its meaning and its rules: what docs/policy.md is made of."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from policy.frozen import Frozen
from policy.planned import planned_for
from policy.policy import Policy, load_policy

ABOUT = """\
Every number of the rules, as `policy/policy.yaml` ships it. A `policy.yaml` beside churn.toml overrides any key by \
name, and what it does not name keeps its default; lists are replaced whole. It names its `version`, `author` and \
`reason`. Each scoring run keeps the policy it used in `.churn/policies/VERSION.yaml` and refuses a version that was \
used with other content; `churn score --policy-version VERSION` computes an old score again. `churn policy lint` says \
what the policy decides where the source texts contradict themselves.

*Rules* are the numbers used in docstrings and tests. *Later* marks a number that is loaded and checked, and whose \
rule is not computed yet. `[]` stands for each entry of a table or list."""


@dataclass(frozen=True)
class Key:
    """One key: `default` is null for a table or list whose entries have keys of their own (`path[]`)."""

    path: str
    default: str | None
    meaning: str
    rules: str
    planned: str | None


def reference(policy: Policy) -> Iterator[Key]:
    """Every key, outer before inner, in the order of the file."""
    yield from _keys(Policy, policy.model_dump(mode="json", by_alias=True), "")


def page(note: str) -> str:
    """The reference of the default policy as Markdown; `note` says how it is made."""
    policy = load_policy()
    lines = [f"# The policy\n\n{note}\n\n{ABOUT}"]
    keys = list(reference(policy))
    for section in list(Policy.model_fields)[3:]:
        lines += ["", f"## {section}", "", "| key | default | meaning | rules |", "|---|---|---|---|"]
        own = [k for k in keys if k.path.replace("[", ".").split(".")[0] == section]
        for k in own:
            entry = "[]" in k.path
            default = "" if entry else "below" if k.default is None else f"`{k.default}`"
            later = f" *Later: {k.planned}.*" if k.planned and not entry else ""
            cells = (f"`{k.path}`", default, k.meaning + later, k.rules)
            lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
        for k in own:
            if k.default is None and "[]" not in k.path:
                lines += ["", f"`{k.path}`:", "", "```yaml", *entries(policy, k.path), "```"]
    return "\n".join(lines) + "\n"


def entries(policy: Policy, path: str) -> Iterator[str]:
    """The default entries of a table or list as YAML, one a line."""
    value: Any = policy.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    for part in path.split("."):
        value = value[part]
    yield from _lines(value, "")


def _lines(value: Any, indent: str) -> Iterator[str]:
    if isinstance(value, list):
        yield from (f"{indent}- {_shown(entry)}" for entry in value)
        return
    for name, entry in value.items():
        if isinstance(entry, list):
            yield f"{indent}{name}:"
            yield from _lines(entry, f"{indent}  ")
        else:
            yield f"{indent}{name}: {_shown(entry)}"


def _keys(model: type[Frozen], values: Any, prefix: str) -> Iterator[Key]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        path = f"{prefix}{key}"
        inner = _model(field.annotation)
        value = values.get(key) if isinstance(values, Mapping) else None
        if inner is None:
            yield Key(path, None if values is None else _shown(value), *_words(field), planned_for(path))
        elif get_origin(field.annotation) is None:
            yield from _keys(inner, value, f"{path}.")
        else:
            yield Key(path, None, *_words(field), planned_for(path))
            yield from _keys(inner, None, f"{path}[].")


def _words(field: FieldInfo) -> tuple[str, str]:
    extra = field.json_schema_extra
    rules = extra.get("rules", "") if isinstance(extra, dict) else ""
    return field.description or "", str(rules)


def _model(annotation: Any) -> type[Frozen] | None:
    """The record inside an annotation, however deep in tuples and mappings; null where there is none."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, Frozen) else None
    if get_origin(annotation) in (Union, types.UnionType):
        return None
    return next((found for found in map(_model, get_args(annotation)) if found is not None), None)


def _shown(value: Any) -> str:
    """A default as it could stand in policy.yaml, on one line.

    >>> _shown(0.3), _shown(75.0), _shown([90, 60]), _shown({"from_rate": 0.15}), _shown(None), _shown("plan")
    ('0.3', '75', '[90, 60]', '{from_rate: 0.15}', 'null', 'plan')
    """
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, float | int):
        return f"{value:.10g}" if value != int(value) else f"{int(value)}"
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{k}: {_shown(v)}" for k, v in value.items()) + "}"
    # Quoted where YAML would read something else.
    return str(value) if re.fullmatch(r"[A-Za-z][\w /()–-]*", str(value)) else json.dumps(value, ensure_ascii=False)
