"""The checks of a proof, each from the evidence to its finding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps

from data_contracts.contract import source_contracts
from data_contracts.corruption import corrupted, in_contract_types, lies_ahead
from pipelines.proof_evidence import Evidence
from pipelines.proof_sample import sample_of, under_other_names
from policy.errors import NotEnoughData
from proof import alarms, future, isolation, opinion, order, shuffled, split, windows
from proof.finding import Finding, not_judged
from proof.sameness import of_accounts

Check = Callable[[Evidence], Finding]


def _where_it_can_be_fitted(name: str, asks: str) -> Callable[[Check], Check]:
    """A check that is not judged where the rows are too few to fit anything on."""

    def around(check: Check) -> Check:
        @wraps(check)
        def judged(evidence: Evidence) -> Finding:
            try:
                return check(evidence)
            except NotEnoughData as refusal:
                return not_judged(name, asks, {}, note=refusal.message)

        return judged

    return around


def _corruption(evidence: Evidence) -> Finding:
    contracts = source_contracts()
    tables = evidence.sample.tables
    whole = {n: in_contract_types(t, contracts[n]) for n, t in tables.items()}
    found = []
    for as_of in evidence.as_of:
        ahead = sum(int(lies_ahead(t, contracts[n], as_of).sum()) for n, t in whole.items())
        for seed in range(1, evidence.limits.seeds + 1):
            after = evidence.build(evidence.sample.with_tables(corrupted(tables, contracts, as_of=as_of, seed=seed)))
            before, after = (f[f["as_of"] <= as_of].reset_index(drop=True) for f in (evidence.rebuilt, after))
            found.append(future.Corrupted(as_of, seed, ahead, before, after))
    return future.corruption(found, accounts=len(evidence.accounts))


def _order(evidence: Evidence) -> Finding:
    sample, names = under_other_names(evidence.sample, seed=1)
    return order.order(evidence.rebuilt, evidence.build(sample), names)


def _second_opinion(evidence: Evidence) -> Finding:
    frame = evidence.panel[0]
    frame = frame[frame["as_of"].isin(evidence.as_of)]
    there = set(frame["account_id"])
    accounts = sorted(evidence.accounts, key=lambda a: a not in there)[: evidence.limits.opinion_accounts]
    sample = sample_of(evidence.checked.facts, accounts)
    told = evidence.opinion_on(sample, accounts)
    alone = evidence.build(sample)
    empty = evidence.without_data(frame)
    # In the whole book an account has other peers than in the sample: what compares with peers is judged there alone.
    whole = opinion.Compared("whole book", of_accounts(frame, accounts), told, empty | evidence.across())
    return opinion.second_opinion(
        [whole, opinion.Compared("sample alone", alone, told, empty)], tolerance=evidence.limits.tolerance
    )


def _windows(evidence: Evidence) -> Finding:
    dates = windows.Windows(
        evidence.rule.gap_days,
        evidence.rule.horizon_days,
        evidence.split.test_from,
        evidence.dates.data_until,
        evidence.newest_fact,
    )
    return windows.windows(evidence.sides.train, evidence.sides.test, dates, evidence.told())


def _split(evidence: Evidence) -> Finding:
    return split.split(evidence.sides.train, evidence.sides.test)


@_where_it_can_be_fitted(isolation.CHECK, isolation.ASKS)
def _isolation(evidence: Evidence) -> Finding:
    sides = evidence.judged_sides
    probe = isolation.probe_date(sides.test)
    spoiled = isolation.spoiled(*evidence.judged_panel, trained_until=sides.train["as_of"].max(), probe=probe, seed=1)
    other = evidence.parts.assembled(*spoiled, evidence.dates)
    found = []
    for side, scores in ((sides, evidence.scores), (other, evidence.scored(other.train, other.test))):
        here = (side.test["as_of"] == probe).to_numpy()
        found.append(
            isolation.Scored(side.train, side.test[here], {name: values[here] for name, values in scores.items()})
        )
    return isolation.isolation(*found)


@_where_it_can_be_fitted(shuffled.CHECK, shuffled.ASKS)
def _shuffled(evidence: Evidence) -> Finding:
    found = []
    for seed in range(1, evidence.limits.shuffles + 1):
        sides = evidence.assembled(shuffled.shuffled(*evidence.judged_panel, seed=seed))
        found.append(shuffled.Judged(sides.test, evidence.probed(sides.train, sides.test)))
    return shuffled.shuffled_labels(found, error_rate=evidence.limits.error_rate)


@_where_it_can_be_fitted(alarms.SINGLE, alarms.ASKS_SINGLE)
def _single(evidence: Evidence) -> Finding:
    import pandas as pd

    sides = evidence.judged_sides
    rows = pd.concat([sides.train, sides.test], ignore_index=True)
    columns = evidence.judged_columns(rows)
    limits = evidence.limits
    return alarms.single_indicator(rows, columns, rule=limits.single_indicator, error_rate=limits.error_rate)


@_where_it_can_be_fitted(alarms.POOLED, alarms.ASKS_POOLED)
def _pooled(evidence: Evidence) -> Finding:
    limits = evidence.limits
    return alarms.pooled_auc(
        evidence.judged_sides.test,
        evidence.scores,
        rule=limits.pooled,
        annual_term_days=limits.annual_term_days,
        horizon_days=evidence.rule.horizon_days,
        longest_horizon_days=limits.longest_horizon_days,
        error_rate=limits.error_rate,
    )


CHECKS: Mapping[str, Check] = {
    future.CHECK: _corruption,
    order.CHECK: _order,
    opinion.CHECK: _second_opinion,
    windows.CHECK: _windows,
    split.CHECK: _split,
    isolation.CHECK: _isolation,
    shuffled.CHECK: _shuffled,
    alarms.SINGLE: _single,
    alarms.POOLED: _pooled,
}
