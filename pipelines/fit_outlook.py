"""Learn the outlook beside the champion, once on the training side to be judged and once on everything to ship."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np

from models.bootstrap import Resampler, interval
from models.calibration import Curve
from models.evaluate import log_loss_gain
from models.horizons import HORIZONS, fit_course
from models.ladder import Champion
from models.linear_scorers import fit_logistic
from models.metrics import log_loss, roc_auc
from models.outlook import HEADS, Outlook
from models.prepare import prepared
from models.score_range import fit_range
from models.scorer import logit, sigmoid
from pipelines.fit import Fitted
from pipelines.outcomes import Outcomes, followed
from pipelines.panel import Panel

if TYPE_CHECKING:
    import pandas as pd

    from models.linear import Linear
    from models.scorer import Array

HEAD_DAYS = 90
INACTIVITY = "an inactivity label knows no shorter or longer window than its own"


@dataclass(frozen=True)
class Learned:
    """The outlook that ships, and its figures out of time, as JSON."""

    shipped: Outlook
    judged: Mapping[str, Any]


def fit_outlook(panel: Panel, fitted: Fitted, *, horizon_days: int, gap_days: int) -> Learned:
    """The outlook of a fitted panel.

    The judged one knows what was known when the test period began, the one that ships all there is. The range comes
    from what the champion's scorer said at the rolling origins, before it could know.
    """
    found, reason = fit_range(said_before(fitted.champion, fitted.curve), horizon_days=horizon_days)
    ranged = {} if reason is None else {"range": reason}
    if panel.outcomes is None:
        return Learned(
            Outlook(
                range=found,
                heads=dict.fromkeys(HEADS),
                reasons={**ranged, **dict.fromkeys(("course", *HEADS), INACTIVITY)},
            ),
            {},
        )
    job = _Job(fitted, panel.outcomes, horizon_days, gap_days)
    begins, rows = panel.split.test_from, _all_rows(panel)
    judged = job.learned(rows, panel.train, begins)
    shipped = judged if panel.everything is None else job.learned(rows, panel.everything, panel.data_until)
    # A head that could not be judged does not ship.
    heads = {name: head if judged.heads[name] is not None else None for name, head in shipped.heads.items()}
    reasons = {**ranged, **shipped.reasons, **{k: v for k, v in judged.reasons.items() if k in HEADS}}
    return Learned(Outlook(shipped.course, found, heads, reasons), job.figures(judged, panel))


def said_before(champion: Champion, curve: Curve) -> pd.DataFrame:
    """account_id, as_of, churned, and what the champion's scorer said at the origins, through its curve; maybe no row."""
    import pandas as pd

    parts = [o.rows.assign(said=sigmoid(curve.log_odds(logit(o.said[champion.scorer])))) for o in champion.origins]
    return pd.concat(parts) if parts else pd.DataFrame(columns=["account_id", "as_of", "churned", "said"])


def _all_rows(panel: Panel) -> pd.DataFrame:
    """Every snapshot row there is to follow, mature or not."""
    import pandas as pd

    if panel.everything is None:
        return panel.train
    return pd.concat([panel.everything, panel.recent], ignore_index=True)


@dataclass(frozen=True)
class _Job:
    fitted: Fitted
    outcomes: Outcomes
    horizon_days: int
    gap_days: int

    def learned(self, rows: pd.DataFrame, mature: pd.DataFrame, reach: date) -> Outlook:
        """Course and heads from what could be known on the day `reach`."""
        seen = followed(rows, self.outcomes.losses, gap_days=self.gap_days, reach=reach)
        course = fit_course(seen, gap_days=self.gap_days, horizon_days=self.horizon_days)
        reasons = {} if course is not None else {"course": "no account was lost in a period seen to its end"}
        heads: dict[str, Linear | None] = {}
        for name in HEADS:
            heads[name], reason = self._head(name, mature, reach)
            if reason is not None:
                reasons[name] = reason
        return Outlook(course, None, heads, reasons)

    def _head(self, name: str, rows: pd.DataFrame, reach: date) -> tuple[Linear | None, str | None]:
        rows, happened = self._happened(name, rows, reach)
        accounts = rows.loc[happened == 1, "account_id"].nunique()
        needed = self.fitted.policy.ladder.logistic_from
        if accounts < needed:
            return (
                None,
                f"{accounts} accounts with a {name.replace('_', '-')} in the training data; a model needs {needed}",
            )
        frame = prepared(rows, self.fitted.policy)
        directions, calendar = self.fitted.directions, self.fitted.recipe.calendar
        return fit_logistic(frame, happened, directions, calendar=calendar), None

    def _happened(self, name: str, rows: pd.DataFrame, reach: date) -> tuple[pd.DataFrame, Array]:
        """(the rows whose own 90 days were seen whole, 1 where it happened in them)."""
        days = self.outcomes.contractions if name == "contraction" else self.outcomes.unpaid
        seen = followed(rows, days, gap_days=self.gap_days, reach=reach)
        seen = seen[seen["days_seen"] >= HEAD_DAYS]
        return seen, np.asarray(seen["days_to_loss"] < HEAD_DAYS, dtype=float)

    def figures(self, judged: Outlook, panel: Panel) -> dict[str, Any]:
        """Log-loss by horizon against a constant hazard and the base rate, and the AUC of the heads, on the test rows."""
        found: dict[str, Any] = {}
        test = followed(panel.test, self.outcomes.losses, gap_days=self.gap_days, reach=panel.data_until)
        known = followed(_all_rows(panel), self.outcomes.losses, gap_days=self.gap_days, reach=panel.split.test_from)
        scorer = self.fitted.judged[self.fitted.champion.scorer]
        probability = scorer.score(prepared(test, self.fitted.policy))
        if judged.course is not None:
            ahead = judged.course.horizons(test, probability)
            for days in HORIZONS:
                found[f"{days}d"] = self._horizon(test, known, days, ahead[f"p_{days}d"].to_numpy(), probability)
        for name, head in judged.heads.items():
            if head is not None:
                found[name] = self._of_head(name, head, panel)
        return found

    def _horizon(
        self, test: pd.DataFrame, known: pd.DataFrame, days: int, said: Array, probability: Array
    ) -> dict[str, Any] | None:
        seen = (test["days_seen"] >= days).to_numpy()
        rows = test[seen].assign(churned=(test["days_to_loss"] < days).astype(float))
        past = known[known["days_seen"] >= days]
        if not rows["churned"].any() or not len(past):
            return None
        churned, said = rows["churned"].to_numpy(), said[seen]
        steady = 1 - (1 - probability[seen]) ** (days / self.horizon_days)
        # At the own horizon both are the probability shown: there is nothing to gain.
        gain, bounds = (None, None) if days == self.horizon_days else log_loss_gain(rows, said, steady)
        return {
            "rows": len(rows),
            "churned_accounts": int(rows.loc[rows["churned"] == 1, "account_id"].nunique()),
            "base_rate": float(churned.mean()),
            "log_loss": log_loss(churned, said),
            "log_loss_steady": log_loss(churned, steady),
            "log_loss_constant": log_loss(churned, np.full(len(rows), float((past["days_to_loss"] < days).mean()))),
            "gain_over_steady": gain,
            "gain_ci": bounds,
        }

    def _of_head(self, name: str, head: Linear, panel: Panel) -> dict[str, Any]:
        rows, happened = self._happened(name, panel.test, panel.data_until)
        said = head.score(prepared(rows, self.fitted.policy))
        rate = float(self._happened(name, panel.train, panel.split.test_from)[1].mean())
        both = bool(happened.any() and not happened.all())
        return {
            "rows": len(rows),
            "accounts": int(rows.loc[happened == 1, "account_id"].nunique()),
            "base_rate": float(happened.mean()),
            "roc_auc": roc_auc(happened, said),
            "roc_auc_ci": interval(Resampler.of(rows["account_id"]).auc(happened, said)) if both else None,
            "log_loss": log_loss(happened, said),
            "log_loss_constant": log_loss(happened, np.full(len(rows), rate)),
        }
