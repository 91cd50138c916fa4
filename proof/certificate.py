"""The certificate: what was proved on which data, code and model, as JSON and as a page to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from proof.finding import Finding

SCHEMA_VERSION = 1
TITLES = {
    "corruption": "Nothing at or after as_of reaches an indicator or the cohort",
    "order": "Neither the order of rows nor an id matters",
    "second_opinion": "A second opinion comes to the same values",
    "windows": "Gap, maturity and purge are kept; labels are what the facts say",
    "split": "The past is the past",
    "isolation": "What is fitted on the past does not see what comes later",
    "shuffled_labels": "Labels that cannot be predicted are not predicted",
    "single_indicator": "No indicator is too good to be true",
    "pooled_auc": "No scorer is too good to be true",
}
SIGN = {"passed": "✓", "failed": "✗", "not judged": "–"}


def certificate(run_id: str, about: Mapping[str, Any], findings: Sequence[Finding]) -> dict[str, Any]:
    """The JSON object. `about` names project, dates, and the fingerprints of data, code, model and policy."""
    failed = [f.check for f in findings if f.verdict == "failed"]
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": run_id,
        "verdict": "leaks" if failed else "holds",
        "failed": failed,
        "not_judged": [f.check for f in findings if f.verdict == "not judged"],
        **about,
        "checks": [f.as_json() for f in findings],
    }


def as_markdown(found: Mapping[str, Any]) -> str:
    """The same as a page."""
    verdict = (
        "**Nothing leaks**, as far as these checks see."
        if found["verdict"] == "holds"
        else f"**It leaks.** Failed: {', '.join(found['failed'])}."
    )
    lines = [f"# Proof that nothing leaks: {_safe(found['project'])}", "", verdict]
    if found["not_judged"]:
        lines += ["", f"Not judged: {', '.join(found['not_judged'])}."]
    lines += ["", "| | |", "|---|---|", *(f"| {name} | {_cell(value)} |" for name, value in _facts(found))]
    lines += ["", "## Checks"]
    for check in found["checks"]:
        lines += ["", f"### {SIGN[check['verdict']]} {TITLES[check['check']]}", "", _safe(check["asks"]), ""]
        lines += [f"*{check['verdict']}*" + (f": {_safe(check['note'])}" if check["note"] else "")]
        if check["failures"]:
            lines += ["", *(f"- {_safe(text)}" for text in check["failures"]), "", f"Cure: {_safe(check['cure'])}"]
        lines += ["", *_figures(check["measured"])]
    lines += ["", "## Data", "", "| table | rows | fingerprint |", "|---|---|---|"]
    lines += [f"| {name} | {t['rows']:,} | `{t['fingerprint']}` |" for name, t in found["data"].items()]
    return "\n".join(lines).rstrip() + "\n"


def _facts(found: Mapping[str, Any]) -> list[tuple[str, Any]]:
    model = found["model"]
    return [
        ("run", found["run_id"]),
        ("made at", found["made_at"]),
        ("as_of dates", ", ".join(found["as_of"])),
        ("data until", found["data_until"]),
        ("label", f"{found['label']['kind']}, gap {found['label']['gap_days']} d, horizon {found['label']['horizon_days']} d"),
        ("policy", found["policy_version"]),
        ("code", found["code"]),
        ("commit", found["commit"]),
        ("model", f"{model['scorer']}, version {model['version']}, {model['fingerprint']}" if model else None),
        ("seconds", found["seconds"]),
    ]  # fmt: skip


def _figures(measured: Mapping[str, Any]) -> list[str]:
    """Plain figures as one list, AUCs as a table, rows of figures as another."""
    plain = [f"- {_name(k)}: {_cell(v)}" for k, v in measured.items() if not isinstance(v, dict) and not _rows(v)]
    lines = list(plain)
    for value in measured.values():
        if isinstance(value, dict) and value:
            lines += ["", "| | AUC | interval of the verdict | 95 % |", "|---|---|---|---|"]
            lines += [
                f"| {_safe(n)} | {f['auc']:.3f} | {_bounds(f['interval'])} | {_bounds(f['interval_95'])} |"
                for n, f in value.items()
            ]
        elif _rows(value):
            heads = list(value[0])
            lines += ["", f"| {' | '.join(_name(h) for h in heads)} |", "|" + "---|" * len(heads)]
            lines += [f"| {' | '.join(_cell(row[h]) for h in heads)} |" for row in value]
    return lines


def _rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _name(key: str) -> str:
    return key.replace("_", " ")


def _bounds(bounds: Sequence[float]) -> str:
    return f"[{bounds[0]:.3f}, {bounds[1]:.3f}]"


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_cell, value)) or "none"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return "–" if value is None else _safe(f"{value:g}" if isinstance(value, float) else str(value))


def _safe(text: str) -> str:
    """Text of the data's own as it stands: nothing in it can become a table, a link or HTML."""
    return (
        str(text).replace("&", "&amp;").replace("<", "&lt;").replace("|", "\\|").replace("[", "\\[").replace("\n", " ")
    )
