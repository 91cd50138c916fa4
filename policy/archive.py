"""Policies that scores were made with, kept whole by version, so that an old score can be computed again (H22)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from policy.errors import SettingsError, did_you_mean
from policy.policy import Policy, policy_from, read_yaml

# Who set a policy and why is no part of what it says: a reworded reason is the same policy.
METADATA = ("version", "author", "reason")


def archive_policy(policy: Policy, folder: Path) -> Path:
    """Keep the policy as `folder/VERSION.yaml`, where it does not stand yet; returns the file.

    Raises SettingsError where the version was used before with other content: a score must say by its version alone
    which numbers made it.
    """
    path = folder / f"{policy.version}.yaml"
    if path.exists():
        changed = list(differences(archived_policy(policy.version, folder), policy))
        if changed:
            key, then, now = changed[0]
            more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
            raise SettingsError(
                f"version {policy.version} was used before with other content: `{key}` was {then} and is {now}{more}.",
                where="policy.yaml",
                cure="Give the change a version of its own, with author and reason.",
            )
        return path
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(policy.model_dump(mode="json", by_alias=True), sort_keys=False, allow_unicode=True)
    # Whole or not at all: half a policy would read as one that keeps the defaults for the rest.
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(path)
    return path


def archived_policy(version: str, folder: Path) -> Policy:
    """The policy that was used under this version. Raises SettingsError naming the nearest where there is none."""
    path = folder / f"{version}.yaml"
    known = sorted(p.stem for p in folder.glob("*.yaml"))
    if version not in known:
        raise SettingsError(
            f"no score was made with policy version {version}.",
            where="--policy-version",
            cure=did_you_mean(version, known) if known else "Run `churn score` first: it keeps the policy it used.",
        )
    return policy_from(read_yaml(path), where=path.name)


def differences(then: Policy, now: Policy) -> Iterator[tuple[str, Any, Any]]:
    """(key, value then, value now) of everything that differs but version, author and reason."""
    flat_then, flat_now = (dict(leaves(p.model_dump(mode="json", by_alias=True))) for p in (then, now))
    for key in {**flat_then, **flat_now}:
        if key not in METADATA and flat_then.get(key) != flat_now.get(key):
            yield key, flat_then.get(key, "absent"), flat_now.get(key, "absent")


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """(path, value) of everything that is no table or list.

    >>> dict(leaves({"bands": {"green": 75}, "stages": [90, 60]}))
    {'bands.green': 75, 'stages.0': 90, 'stages.1': 60}
    """
    if isinstance(value, Mapping):
        items: Any = value.items()
    elif isinstance(value, list | tuple):
        items = enumerate(value)
    else:
        yield path, value
        return
    for key, inner in items:
        yield from leaves(inner, f"{path}.{key}" if path else str(key))
