"""`churn prove-no-leak`: hold every check against the project's data and the pipeline's parts; write the certificate."""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from data_contracts.contract import source_contracts
from pipelines.build_features import Checked, checked_sources, now_utc
from pipelines.fingerprints import table_fingerprint
from pipelines.parts import Parts
from pipelines.proof_checks import CHECKS
from pipelines.proof_evidence import Evidence, SecondOpinion
from pipelines.settings import Project
from pipelines.tracking import Tracking, code_fingerprint, git_commit
from policy.errors import LeakFound
from proof.certificate import as_markdown, certificate
from proof.finding import Finding
from proof.oracle.table import feature_rows

Progress = Callable[[str], None]


def prove(project: Project, *, progress: Progress = lambda _: None) -> dict[str, Any]:
    """Check the sources and prove; returns the certificate, the object `churn prove-no-leak --json` prints.

    Raises LeakFound once the certificate of a failed proof is written.
    """
    with checked_sources(project) as checked:
        return prove_on(checked, progress=progress)


def prove_on(
    checked: Checked,
    *,
    parts: Parts | None = None,
    opinion: SecondOpinion = feature_rows,
    checks: Collection[str] = tuple(CHECKS),
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """Prove on sources that have been checked. `parts` are the pipeline's own unless others are passed in."""
    began = time.monotonic()
    evidence = Evidence(checked, parts or Parts(), opinion)
    found = findings(evidence, checks, progress=progress)
    progress("fingerprints of data, code and model")
    run_id = f"{now_utc():%Y%m%dT%H%M%SZ}-{uuid.uuid4().hex[:8]}"
    about = {**_about(evidence), "seconds": round(time.monotonic() - began, 1)}
    page = checked.project.out("proofs") / f"{run_id}.md"
    result = certificate(run_id, {**about, "path": str(page)}, found)
    page.with_suffix(".json").write_text(json.dumps(result, indent=2, allow_nan=False), encoding="utf-8")
    page.write_text(as_markdown(result), encoding="utf-8")
    failed = [f for f in found if f.verdict == "failed"]
    if failed:
        first = failed[0]
        raise LeakFound(
            f"{len(failed)} of {len(found)} checks failed ({', '.join(f.check for f in failed)}). {first.failures[0]}.",
            where=f"prove-no-leak, {first.check}",
            cure=f"{first.cure} The certificate {_below(page, checked.project)} holds every figure.",
        )
    return result


def findings(
    evidence: Evidence, checks: Collection[str] = tuple(CHECKS), *, progress: Progress = lambda _: None
) -> list[Finding]:
    """What each check found, in the order of the certificate."""
    found = []
    for name, check in CHECKS.items():
        if name in checks:
            finding = check(evidence)
            progress(f"{name.replace('_', ' ')}: {finding.verdict}")
            found.append(finding)
    return found


def _about(evidence: Evidence) -> dict[str, Any]:
    project, rule = evidence.checked.project, evidence.rule
    tables = {}
    for name, table in evidence.checked.facts.tables.items():
        rows, fingerprint = table_fingerprint(table, source_contracts()[name])
        tables[name] = {"rows": rows, "fingerprint": fingerprint}
    return {
        "project": project.settings.project.name,
        "made_at": now_utc().replace(microsecond=0).isoformat() + "Z",
        "as_of": [day.isoformat() for day in evidence.as_of],
        "data_until": evidence.dates.data_until.isoformat(),
        "label": {"kind": rule.kind, "gap_days": rule.gap_days, "horizon_days": rule.horizon_days},
        "policy_version": project.policy.version,
        "code": code_fingerprint(),
        "commit": git_commit(),
        "model": _model(project),
        "data": tables,
    }


def _model(project: Project) -> dict[str, Any] | None:
    """The registered champion; null before the first training."""
    if not (project.state / "mlflow.db").exists():
        return None
    shipped = Tracking(project).champion()
    if shipped is None:
        return None
    text = json.dumps(shipped.parameters, sort_keys=True)
    return {
        "version": shipped.version,
        "scorer": shipped.parameters["champion"],
        "fingerprint": hashlib.sha256(text.encode()).hexdigest()[:16],
    }


def _below(page: Path, project: Project) -> str:
    return page.relative_to(project.folder).as_posix()
