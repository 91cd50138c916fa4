"""The rows of the evaluation card as people read them: what each figure is called, and how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

DASH = "–"
TITLES = {
    "health_score": "health score",
    "health_recalibrated": "health + renewal",
    "calendar": "calendar only",
    "logistic": "logistic",
    "lightgbm": "LightGBM",
    "shipped": "shipped",
}


@dataclass(frozen=True)
class Row:
    """One figure: where it stands on the card, its name, its unit and what it means."""

    block: str
    figure: str
    label: str
    write: Callable[[float], str]
    means: str


def decimals(places: int) -> Callable[[float], str]:
    """A number with so many places and a true minus sign.

    >>> decimals(2)(-0.125), decimals(3)(0.847)
    ('−0.12', '0.847')
    """
    return lambda value: f"{value:.{places}f}".replace("-", "−") if round(value, places) else f"{0:.{places}f}"


def percent(value: float) -> str:
    """A share for people.

    >>> percent(0.4607), percent(-0.021)
    ('46.1 %', '−2.1 %')
    """
    return f"{100 * value:.1f} %".replace("-", "−")


def days(value: float) -> str:
    """Whole days."""
    return f"{value:.0f} d".replace("-", "−")


def rows(card: Mapping[str, Any]) -> list[Row]:
    """Every row of the card, block by block."""
    share, until = f"{card['capacity_share']:.0%}".replace("%", "\u00a0%"), card["horizon_days"]
    return [
        Row("discrimination", "roc_auc", "ROC-AUC, all rows", decimals(3), "Chance that a leaver ranks above a stayer."),
        Row(
            "discrimination", "roc_auc_in_window", "ROC-AUC in the renewal window", decimals(3),
            "The same where the renewal falls into the label window: the calendar helps least there.",
        ),
        Row("discrimination", "pr_auc", "PR-AUC", decimals(3), "Average precision; compare with the base rate."),
        Row("discrimination", "base_rate", "base rate", percent, f"Rows decided against us within {until} days."),
        Row("overall", "log_loss", "log-loss", decimals(4), "Mean surprise per row; lower is better."),
        Row("overall", "brier", "Brier", decimals(4), "Mean squared error of the probability; lower is better."),
        Row(
            "overall", "skill_above_calendar", "skill above calendar", percent,
            "Share of the calendar's log-loss that is saved; paired over the same draws.",
        ),
        Row("calibration", "observed_expected", "observed ÷ expected", decimals(2), "Above 1: more left than promised."),
        Row("calibration", "slope", "slope", decimals(2), "1 is honest, below 1 too bold, above 1 too timid."),
        Row("calibration", "ece", "calibration error (ECE)", decimals(4), "Mean gap between promised and observed."),
        Row("ranking", "lift_at_10", "lift at 10\u00a0%", decimals(2), "Churn among the riskiest tenth against the average."),
        Row(
            "ranking", "precision_at_capacity", f"precision at {share}", percent,
            f"Rows on each week's red list (riskiest {share}) that were churned ones.",
        ),
        Row("ranking", "recall_at_capacity", f"recall at {share}", percent, "Churned rows that were on the red list."),
        Row("ranking", "arr_recall_at_capacity", f"ARR recall at {share}", percent, "The same, by ARR."),
        Row("money", "empc", "EMPC, per row", decimals(3), "Expected profit at the best share to contact."),
        Row("money", "empb", "EMPB, per row", decimals(2), "The same with each account's ARR as its value."),
        Row(
            "money", "net_benefit", "net benefit", decimals(4),
            f"Leavers found per row less false alarms, acting from {percent(card['money']['pays_from'])} on.",
        ),
        Row(
            "lead_time", "median_days_to_decision", "alert to decision, median", days,
            "From the second week in a row on the red list to the day the decision was known.",
        ),
        Row("lead_time", "median_days_to_notice", "alert to notice, median", days, "The same, to the last day of notice."),
        Row("lead_time", "ahead_30", "alerted ≥ 30 d ahead", percent, "Of the leavers who could be seen so early."),
        Row("lead_time", "ahead_60", "alerted ≥ 60 d ahead", percent, "Of the leavers who could be seen so early."),
        Row("stability", "seed_only", "red list, other seeds", decimals(2), "Jaccard; 1 where no seed takes part."),
        Row("stability", "week_to_week", "red list, next week", decimals(2), "Jaccard over accounts in both weeks."),
        Row("stability", "after_retrain", "red list, a month less data", decimals(2), "Jaccard; – where not refitted."),
    ]  # fmt: skip


def cell(column: Mapping[str, Any], row: Row) -> tuple[str, str]:
    """(the figure, its interval or what stands in its place) as text; a dash where it is not defined."""
    found = (column.get(row.block) or {}).get(row.figure)
    if found is None or found["value"] is None:
        return DASH, ""
    value, bounds = row.write(found["value"]), interval(found["ci"], row)
    if row.figure == "ece":
        floor = f"chance: {row.write(found['noise_floor'])}, to {row.write(found['noise_floor_95'])}"
        return value, f"{floor}; {found['verdict']}"
    counted = f"n {found['n']}" if "n" in found else ""
    return value, " ".join(part for part in (bounds, counted) if part)


def interval(bounds: tuple[float, float] | None, row: Row) -> str:
    """[low, high] in the row's own unit."""
    if bounds is None:
        return ""
    low, high = (row.write(b) for b in bounds)
    for unit in (" %", " d"):
        if low.endswith(unit):
            low, high = low.removesuffix(unit), high.removesuffix(unit)
    return f"[{low}, {high}]"


def title(name: str, card: Mapping[str, Any]) -> str:
    """A column's name; the shipped one says which scorer it is."""
    return f"{TITLES[name]} ({card['champion']})" if name == "shipped" else TITLES[name]


def headline(card: Mapping[str, Any]) -> list[str]:
    """What may be quoted: never a figure without its horizon, its base rate and how many losses it rests on."""
    test, shipped = card["test"], card["columns"]["shipped"]
    by_figure = {row.figure: row for row in rows(card)}

    def told(block: str, name: str) -> str:
        found, row = shipped[block][name], by_figure[name]
        if found["value"] is None:
            return "not known"
        return f"{row.write(found['value'])} {interval(found['ci'], row)}".strip()

    until = card["gap_days"] + card["horizon_days"]
    lead = shipped["lead_time"]
    found = [
        f"{title('shipped', card)}: ROC-AUC {told('discrimination', 'roc_auc')}, in the renewal window "
        f"{told('discrimination', 'roc_auc_in_window')}, for decisions {card['gap_days']} to {until} days ahead; base rate "
        f"{percent(test['base_rate'])}, {test['n_churned_accounts']} churned of {test['n_accounts']} accounts.",
        f"Skill above the calendar: {told('overall', 'skill_above_calendar')}.",
        f"The red list held {told('ranking', 'recall_at_capacity')} of the churned rows and "
        f"{told('ranking', 'arr_recall_at_capacity')} of their ARR.",
    ]
    if lead is not None:
        found.append(
            f"{lead['n_alerted']} of {lead['n_churned_accounts']} churned accounts were alerted two weeks running before "
            f"the decision was known; median lead {told('lead_time', 'median_days_to_decision')}."
        )
    return found
