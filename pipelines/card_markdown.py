"""The evaluation card as Markdown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipelines.card_rows import DASH, cell, decimals, headline, percent, rows, title

MAIN = {
    "roc_auc": ("ROC-AUC", decimals(3)),
    "skill_above_calendar": ("skill above calendar", percent),
    "observed_expected": ("O/E", decimals(2)),
    "lift_at_10": ("lift 10 %", decimals(2)),
    "recall_at_capacity": ("recall at capacity", percent),
}
VARIANTS = {
    "time_split": "time split, all accounts",
    "same_accounts": "half the accounts, the same ones",
    "other_accounts": "half the accounts, others",
}


def card_markdown(card: Mapping[str, Any]) -> str:
    """Headline, alarms, the table side by side, the account-disjoint variant, segments, and what to know."""
    names = list(card["columns"])
    lines = [f"# Evaluation card, run {card['run_id']}", "", *(f"- {line}" for line in headline(card))]
    lines += ["", *(f"**{alarm}**\n" for alarm in card["alarms"])]
    lines += ["| figure | " + " | ".join(title(name, card) for name in names) + " |", "|---" * (len(names) + 1) + "|"]
    block = ""
    for row in rows(card):
        if row.block != block:
            block = row.block
            lines.append(f"| **{block.replace('_', ' ')}** |" + " |" * len(names))
        cells = (" ".join(cell(card["columns"][name], row)).strip() for name in names)
        lines.append(f"| {row.label} | " + " | ".join(cells) + " |")
    lines += ["", *_disjoint(card), "", *_segments(card), "", *notes(card)]
    return "\n".join(lines).rstrip() + "\n"


def _disjoint(card: Mapping[str, Any]) -> list[str]:
    if card["account_disjoint"] is None:
        return ["Account-disjoint variant: too few churned accounts in one of the halves."]
    lines = ["## Accounts never seen in training", "", "| scorer | variant | ROC-AUC | skill above calendar |"]
    lines.append("|---|---|---|---|")
    for name, variants in card["account_disjoint"].items():
        for key, label in VARIANTS.items():
            auc, skill = variants[key]["roc_auc"], variants[key]["skill_above_calendar"]
            lines.append(f"| {name} | {label} | {told(auc, 3)} | {told(skill, 3)} |")
        lines.append(f"| {name} | same less others | {told(variants['gain_from_seen'], 3)} | |")
    return lines


def _segments(card: Mapping[str, Any]) -> list[str]:
    lines = ["## By segment, tenure and contract (shipped scorer; drawn towards the whole book)", ""]
    lines.append("| | | churned accounts | " + " | ".join(label for label, _ in MAIN.values()) + " |")
    lines.append("|---" * (len(MAIN) + 3) + "|")
    for by, groups in card["segments"].items():
        for group, found in groups.items():
            cells = [segment_cell(found["figures"]["shipped"].get(key), write) for key, (_, write) in MAIN.items()]
            # A segment's name is the customer's own text.
            safe = group.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")
            lines.append(f"| {by} | {safe} | {found['n_churned_accounts']} | " + " | ".join(cells) + " |")
    return lines


def segment_cell(found: Mapping[str, Any] | None, write: Any) -> str:
    """The shrunken value with its interval, and the group's own beside it."""
    if found is None or found["shrunken"] is None:
        return DASH
    low, high = found["ci"]
    return f"{write(found['shrunken'])} [{write(low)}, {write(high)}], own {write(found['value'])}"


def told(found: Mapping[str, Any], places: int) -> str:
    """A figure with its interval."""
    write = decimals(places)
    if found["value"] is None:
        return DASH
    bounds = "" if found["ci"] is None else f" [{write(found['ci'][0])}, {write(found['ci'][1])}]"
    return write(found["value"]) + bounds


def notes(card: Mapping[str, Any]) -> list[str]:
    """How the figures were made, and what they do not say."""
    limits, money = card["limits"], card["money"]
    tuning = card.get("tuning")
    return [
        *([tuning["sentence"], ""] if tuning else []),
        f"Intervals are 95 %, by resampling accounts: {limits['draws']:,} draws, {limits['draws_money']} for EMPC and EMPB, "
        f"{limits['draws_segments']} for segments. The red list of a week is taken as it was; it is not cut anew in a draw.",
        "",
        "Figures are over rows (an account in a week). The shipped scorer was judged as fitted on the training period; "
        "what scores today is the same scorer fitted on all mature rows.",
        "",
        f"The calibration error stands beside what a perfectly calibrated model would show by chance on these rows; below "
        f"{limits['ece_churned_accounts']} churned accounts it is no verdict.",
        "",
        f"Money: a customer is worth {money['customer_value']:g}, an offer costs {money['incentive']:g} where it is taken, "
        f"a contact {money['contact']:g}; Beta({money['taken']['alpha']:g}, {money['taken']['beta']:g}) of the leavers take "
        "it (`money` in policy.yaml). EMPB scales the same costs to each account's ARR.",
        "",
        "Same less others: what it adds to have seen the account in training, with equally many accounts to learn from. It "
        "can be negative: whoever leaves in the test period stayed all through training.",
        "",
        f"Groups with fewer than {limits['least_churned_accounts']} churned accounts have no figures. What the card does not "
        "say: whether acting on a score keeps a customer.",
    ]
