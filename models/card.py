"""The evaluation card of one training run: every figure, scorers side by side, with intervals by account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.account_disjoint import disjoint_figures
from models.bootstrap import DRAWS
from models.calibration_figures import ENOUGH_EVENTS
from models.card_alarms import leakage_alarms, warnings
from models.card_figures import Judged, column, curves, figure
from models.evaluate import RANK_ONLY
from models.lead_time import Losses, lead_time
from models.metrics import LEAST_CHURNED
from models.money import DRAWS as MONEY_DRAWS
from models.money import pays_from
from models.red_list import agreement, red_list, week_to_week
from models.scorer import Array
from models.segments import DRAWS as SEGMENT_DRAWS
from models.segments import segment_figures
from policy.policy import Policy

VERSION = 1
CALENDAR, SHIPPED = "calendar", "shipped"
COLUMNS = (RANK_ONLY, "health_recalibrated", CALENDAR, "logistic", "lightgbm", SHIPPED)
SEEDED = ("lightgbm", "ensemble")


@dataclass(frozen=True)
class Refits:
    """What scorers fitted once more say of the same test rows, by scorer name; what was not refitted is missing.

    `retrained` ends its training a month earlier, `reseeded` has other seeds; `halves` is fitted on half the accounts
    (`account_disjoint.crossed`), null where a half is too small.
    """

    retrained: Mapping[str, Array]
    reseeded: Mapping[str, Array]
    halves: Mapping[str, Mapping[str, Array]] | None


def evaluation_card(
    judged: Judged,
    scores: Mapping[str, Array],
    champion: str,
    refits: Refits,
    losses: Losses | None,
    policy: Policy,
) -> dict[str, Any]:
    """The card as plain values: `columns` by scorer, `curves`, `segments`, `account_disjoint`, `alarms`, `headline`.

    `scores` holds every scorer by name, `health_score` as a ranking; `shipped` repeats the champion. `losses` is null
    where the label has no day of decision: there is no lead time then.
    """
    ours = {name: scores[champion if name == SHIPPED else name] for name in COLUMNS}
    names = {name: champion if name == SHIPPED else name for name in COLUMNS}
    made: dict[str, dict[str, Any]] = {}
    for name, score in ours.items():
        if names[name] not in made:
            reference = None if name == RANK_ONLY else scores[CALENDAR]
            made[names[name]] = {
                **column(judged, score, reference),
                "lead_time": None
                if losses is None
                else lead_time(red_list(score, judged.rows, share=judged.capacity_share), judged.rows, losses),
                "stability": _stability(judged, names[name], score, refits),
            }
    columns = {name: made[names[name]] for name in COLUMNS}
    halves = refits.halves
    disjoint = None if halves is None else disjoint_figures(judged, scores, halves)
    term = float(
        judged.rows["term_length_days"].astype(float).median()
    )  # NaN, which raises no alarm, where none is known
    return {
        "schema_version": VERSION,
        "champion": champion,
        "horizon_days": judged.horizon_days,
        "capacity_share": judged.capacity_share,
        "test": {
            "n_rows": len(judged.rows),
            "n_accounts": int(judged.rows["account_id"].nunique()),
            "n_churned_rows": int(judged.churned.sum()),
            "n_churned_accounts": judged.churned_accounts,
            "base_rate": float(judged.churned.mean()),
        },
        "alarms": leakage_alarms(
            columns,
            proof=policy.proof,
            horizon_days=judged.horizon_days,
            median_term_days=term,
            churned_accounts=judged.churned_accounts,
        )
        + warnings(columns[SHIPPED], None if disjoint is None else disjoint.get(champion)),
        "columns": columns,
        "curves": {n: curves(judged, s) for n, s in ours.items() if n != RANK_ONLY},
        "segments": segment_figures(judged, ours, rank_only=RANK_ONLY, calendar=scores[CALENDAR]),
        "account_disjoint": disjoint,
        "money": {**policy.money.model_dump(), "pays_from": pays_from(policy.money)},
        "limits": {
            "least_churned_accounts": LEAST_CHURNED,
            "ece_churned_accounts": ENOUGH_EVENTS,
            "draws": DRAWS,
            "draws_money": MONEY_DRAWS,
            "draws_segments": SEGMENT_DRAWS,
        },
    }


def _stability(judged: Judged, name: str, score: Array, refits: Refits) -> dict[str, Any]:
    """Jaccard of the red list; 1 without an interval where nothing could change it, null where it was not refitted."""
    rows, resampler, share = judged.rows, judged.resampler, judged.capacity_share
    listed = red_list(score, rows, share=share)

    def against(other: Mapping[str, Array], *, fixed: bool) -> dict[str, Any]:
        if fixed:
            return figure(1.0)
        if name not in other:
            return figure(None)
        return figure(*agreement(listed, red_list(other[name], rows, share=share), rows, resampler))

    return {
        "seed_only": against(refits.reseeded, fixed=name not in SEEDED),
        "week_to_week": figure(*week_to_week(listed, rows, resampler)),
        "after_retrain": against(refits.retrained, fixed=name == RANK_ONLY),
    }
