"""Accounts whose last term ran out without a decision: no label counts them, and they are lost all the same (L3)."""

from __future__ import annotations

from datetime import date

from data_contracts.contract import source_contracts
from data_contracts.facts import latest
from data_contracts.known import in_contract_types
from pipelines.build_features import Checked
from serving.workbench.plays.rows import plain
from serving.workbench.plays.terms import Loss, Term, losses, terms_of


def latest_terms(checked: Checked) -> dict[str, list[Term]]:
    """Account → its terms as they stand in the end; merged accounts are left out, their terms ended with the merger."""
    contracts = source_contracts()
    tables = {
        name: plain(in_contract_types(latest(checked.facts, name).to_pandas(), contracts[name]))
        for name in ("subscriptions", "accounts")
    }
    merged = {str(row["account_id"]) for row in tables["accounts"] if row["merged_into"] is not None}
    return {account: own for account, own in terms_of(tables["subscriptions"]).items() if account not in merged}


def lapses(checked: Checked, until: date) -> list[Loss]:
    """Every lapse that is over `lapse_days` old on a day, by account and the day on which its term ran out."""
    label = checked.project.policy.label
    return [
        loss for _, own in sorted(latest_terms(checked).items()) for loss in losses(own, until, label) if loss.lapsed
    ]
