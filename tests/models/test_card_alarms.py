"""What a reader is told before any figure."""

from __future__ import annotations

from typing import Any

from models.card_alarms import leakage_alarms, warnings
from policy.policy import load_policy

PROOF = load_policy().proof


def alarms(auc: float | None, *, horizon: int = 90, term: float = 365, lost: int = 50) -> list[str]:
    columns = {"shipped": {"discrimination": {"roc_auc": {"value": auc}}}}
    return leakage_alarms(columns, proof=PROOF, horizon_days=horizon, median_term_days=term, churned_accounts=lost)


def test_a_pooled_auc_above_point_nine_on_annual_contracts_is_a_leak_until_shown_otherwise() -> None:
    assert "0.910" in alarms(0.91)[0]
    assert alarms(0.90) == []
    assert alarms(None) == []


def test_on_monthly_contracts_a_long_horizon_or_few_losses_it_is_none() -> None:
    assert alarms(0.95, term=30) == []
    assert alarms(0.95, horizon=PROOF.longest_horizon_days + 1) == []
    assert alarms(0.95, lost=9) == []


def shipped(**changed: Any) -> dict[str, Any]:
    figures = {
        "skill": (0.02, 0.1), "ratio": (0.9, 1.2), "verdict": "insufficient events", "in_window": 0.6, **changed
    }  # fmt: skip
    return {
        "overall": {"skill_above_calendar": {"value": 0.05, "ci": figures["skill"]}},
        "calibration": {
            "observed_expected": {"value": 1.5, "ci": figures["ratio"]},
            "ece": {"value": 0.05, "verdict": figures["verdict"]},
        },
        "discrimination": {"roc_auc_in_window": {"value": figures["in_window"]}},
    }


def test_a_sound_scorer_is_not_warned_of() -> None:
    assert warnings(shipped(), None) == []
    assert warnings(shipped(), {"gain_from_seen": {"value": 0.1, "ci": (-0.01, 0.2)}}) == []


def test_each_want_has_its_sentence() -> None:
    for given, told in (
        ({"skill": (0.0, 0.1)}, "calendar"),
        ({"skill": None}, "calendar"),
        ({"ratio": (1.1, 1.9)}, "More churned than promised: observed ÷ expected is 1.50"),
        ({"verdict": "beyond noise"}, "larger than chance"),
        ({"in_window": None}, "renewal window"),
    ):
        found = warnings(shipped(**given), None)
        assert len(found) == 1
        assert told in found[0]
    seen = warnings(shipped(), {"gain_from_seen": {"value": 0.1, "ci": (0.02, 0.2)}})
    assert "0.100 lower on accounts never seen" in seen[0]
