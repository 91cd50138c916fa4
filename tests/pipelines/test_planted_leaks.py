"""Faults as they happen in real pipelines, planted one at a time: the proof names each."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import pytest

from data_contracts.sources import Facts
from pipelines.build_features import Checked
from pipelines.parts import Parts
from pipelines.proof_checks import CHECKS
from pipelines.proof_evidence import Evidence, SecondOpinion
from pipelines.prove import findings
from proof.finding import Finding
from proof.oracle.table import feature_rows
from tests.pipelines import planted

REAL = Parts(indicators=planted.few, probabilities=planted.two_scorers)
# What a panel is made of, besides the facts.
OF_THE_PANEL = ("dates", "cohort", "indicators", "features", "labels")
# These ask the panel for dates and accounts alone, and build the indicators themselves.
WITHOUT_ITS_INDICATORS = {"corruption", "order"}
Found = Callable[["Fault", Collection[str]], list[Finding]]


def same(facts: Facts) -> Facts:
    return facts


@dataclass(frozen=True)
class Fault:
    """A part or a table that is wrong, and the check that must say so."""

    name: str
    check: str
    parts: Parts = REAL
    data: Callable[[Facts], Facts] = same
    opinion: SecondOpinion = feature_rows


FAULTS = [
    Fault("churn date as an indicator", "corruption", replace(REAL, indicators=planted.churn_date)),
    Fault("a later term's price", "corruption", replace(REAL, indicators=planted.price_of_a_later_term)),
    Fault("future NPS", "corruption", replace(REAL, indicators=planted.future_nps)),
    Fault("backdated CRM stage", "corruption", replace(REAL, indicators=planted.backdated_stage), planted.deals_backdated),
    Fault("facts learned late", "corruption", replace(REAL, indicators=planted.known_late)),
    Fault("label in the cohort's filter", "corruption", replace(REAL, cohort=planted.survivors)),
    Fault("id order", "order", replace(REAL, features=planted.numbered)),
    Fault("a window of five weeks", "second_opinion", replace(REAL, indicators=planted.four_weeks_are_five)),
    Fault("a column without an opinion", "second_opinion", replace(REAL, indicators=planted.status_as_shown_today)),
    Fault("overlapping windows", "windows", replace(REAL, assembled=planted.unpurged)),
    Fault("gap decisions kept", "windows", replace(REAL, labels=planted.undecided)),
    Fault("immature labels", "windows", replace(REAL, dates=planted.beyond_the_data, labels=planted.immature)),
    Fault("random split", "split", replace(REAL, assembled=planted.at_random)),
    Fault("a test date before training", "split", replace(REAL, assembled=planted.tested_on_the_past_too)),
    Fault("target encoding", "isolation", replace(REAL, assembled=planted.target_encoded)),
    Fault("scaler fitted on all", "isolation", replace(REAL, probabilities=planted.scaled_on_all)),
    Fault("label among the indicators", "shuffled_labels", replace(REAL, assembled=planted.label_among_features)),
    Fault("seats 0 after churn", "single_indicator", data=planted.seats_set_to_0),
    Fault("status backfilled", "single_indicator", replace(REAL, indicators=planted.status_as_shown_today),
          planted.status_backfilled),
    Fault("stage edited in place", "single_indicator", replace(REAL, indicators=planted.stage_as_shown_today),
          planted.stage_backfilled),
    Fault("status backfilled, as the scorers see it", "pooled_auc",
          replace(REAL, indicators=planted.status_as_shown_today), planted.status_backfilled),
]  # fmt: skip
# One a check: all others are blind to it. Where the second opinion would object, it makes the same mistake.
ALONE = [
    Fault("facts learned late", "corruption", replace(REAL, indicators=planted.known_late),
          opinion=planted.shares_known_late),
    Fault("an id read", "order", replace(REAL, features=planted.last_letter), opinion=planted.shares_last_letter),
    Fault("a window of five weeks", "second_opinion", replace(REAL, indicators=planted.four_weeks_are_five)),
    Fault("gap decisions kept", "windows", replace(REAL, labels=planted.undecided)),
    Fault("a test date before training", "split", replace(REAL, assembled=planted.tested_on_the_past_too)),
    Fault("scaler fitted on all", "isolation", replace(REAL, probabilities=planted.scaled_on_all)),
    Fault("label among the indicators", "shuffled_labels", replace(REAL, assembled=planted.label_among_features)),
    Fault("seats 0 after churn", "single_indicator", data=planted.seats_set_to_0),
    Fault("two halves of a status", "pooled_auc", replace(REAL, indicators=planted.half_a_status_each),
          planted.status_of_some_and_industry_of_the_others, planted.shares_half_a_status),
]  # fmt: skip


@pytest.fixture(scope="module")
def found(checked: Checked) -> Found:
    """What a proof that looks at little finds with a fault planted; a panel of the same parts and facts is built once."""
    policy = checked.project.policy
    little = policy.proof.model_copy(
        update={"dates": 1, "seeds": 1, "accounts": 40, "opinion_accounts": 5, "shuffles": 3}
    )
    project = checked.project.model_copy(update={"policy": policy.model_copy(update={"proof": little})})
    panels: dict[tuple[object, ...], Evidence] = {}

    def with_the(fault: Fault, checks: Collection[str]) -> list[Finding]:
        spoiled = replace(checked, project=project, facts=fault.data(checked.facts))
        parts = fault.parts
        if set(checks) <= WITHOUT_ITS_INDICATORS:
            parts = replace(parts, indicators=REAL.indicators, features=REAL.features)
        key = (fault.data, *(getattr(parts, part) for part in OF_THE_PANEL))
        panel = panels.setdefault(key, Evidence(spoiled, parts))
        evidence = Evidence(spoiled, fault.parts, fault.opinion)
        evidence.dates, evidence.panel = panel.dates, panel.panel
        return findings(evidence, checks)

    return with_the


def often(faults: list[Fault]) -> list[object]:
    """The first of each check on every run, the others in the long one."""
    checks = [fault.check for fault in faults]
    later = [checks.index(check) != place for place, check in enumerate(checks)]
    return [pytest.param(f, marks=pytest.mark.slow) if late else f for f, late in zip(faults, later, strict=True)]


@pytest.mark.parametrize("fault", often(FAULTS), ids=lambda f: f.name)
def test_a_planted_fault_is_named(found: Found, fault: Fault) -> None:
    (finding,) = found(fault, (fault.check,))
    assert finding.verdict == "failed"
    assert finding.failures
    assert finding.cure


def test_the_parts_that_faults_are_planted_in_are_clean_without_them(found: Found) -> None:
    assert {f.check: f.verdict for f in found(Fault("none", ""), tuple(CHECKS))} == dict.fromkeys(CHECKS, "passed")


def test_there_is_a_fault_for_every_check() -> None:
    assert {fault.check for fault in FAULTS} == set(CHECKS)
    assert [fault.check for fault in ALONE] == list(CHECKS)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ALONE, ids=lambda f: f.check)
def test_without_its_check_a_fault_goes_unseen(found: Found, fault: Fault) -> None:
    failed = {f.check for f in found(fault, tuple(CHECKS)) if f.verdict == "failed"}
    assert failed == {fault.check}
