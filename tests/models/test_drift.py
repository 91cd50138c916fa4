"""Drift: what moved is found, and neither chance, nor a book that ages, nor a holiday is taken for it."""

from __future__ import annotations

import json
from math import log

import numpy as np
import pandas as pd
import pytest

from models.alerts import drift_alerts
from models.drift import Drift, Reference, drifts, psi, reference
from policy.policy import load_policy

RULES = load_policy().monitoring
WEEKS = pd.date_range("2025-01-06", periods=8, freq="28D").date


def panel(accounts: int, seed: int, **indicators: float) -> pd.DataFrame:
    """Every account in eight snapshots; an indicator is normal around its value, the same for an account throughout."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "account_id": np.repeat([f"a{i}" for i in range(accounts)], len(WEEKS)),
            "as_of": np.tile(WEEKS, accounts),
        }
    )
    for name, middle in indicators.items():
        frame[name] = np.repeat(rng.normal(middle, 1.0, accounts), len(WEEKS))
    return frame


def snapshot(accounts: int, seed: int, **indicators: float) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({name: rng.normal(middle, 1.0, accounts) for name, middle in indicators.items()})


def found(given: Reference, now: pd.DataFrame) -> dict[str, Drift]:
    return {d.indicator: d for d in drifts(given, now, error_rate=RULES.error_rate)}


def alerts(given: Reference, now: pd.DataFrame) -> list[tuple[str, str]]:
    return [(a.what, a.where) for a in drift_alerts(drifts(given, now, error_rate=RULES.error_rate), RULES)]


def test_psi_by_hand() -> None:
    # 80 of the 200 lie in the first bin: each side gains one account that is spread so.
    both = 80 / 200
    p, q = (60 + both) / 101, (20 + both) / 101
    by_hand = (q - p) * log(q / p) + (p - q) * log((1 - q) / (1 - p))
    assert float(psi(np.array([60.0, 40.0]), np.array([20.0, 80.0]))) == pytest.approx(by_hand)
    assert by_hand == pytest.approx(0.70, abs=0.005)


def test_psi_of_the_same_shares_is_0_and_an_empty_bin_keeps_it_finite() -> None:
    assert float(psi(np.array([30.0, 70.0, 0.0]), np.array([3.0, 7.0, 0.0]))) == pytest.approx(0.0, abs=1e-12)
    assert 3 < float(psi(np.array([100.0, 0.0]), np.array([0.0, 100.0]))) < 20


def test_an_indicator_that_moved_is_found_and_the_others_are_not() -> None:
    given = reference(panel(300, 1, logins=0.0, tickets=0.0), ["logins", "tickets"], usual_share=RULES.usual_share)
    now = snapshot(280, 2, logins=-1.0, tickets=0.0)
    assert alerts(given, now) == [("drift", "logins")]
    assert found(given, now)["logins"].psi > 0.5


def test_fifty_accounts_raise_no_alarm_by_chance_although_many_exceed_the_limit() -> None:
    names = {f"i{n}": 0.0 for n in range(30)}
    given = reference(panel(50, 3, **names), list(names), usual_share=RULES.usual_share)
    runs = [drifts(given, snapshot(50, seed, **names), error_rate=RULES.error_rate) for seed in range(10, 22)]
    over = [d for run in runs for d in run if d.psi > RULES.psi]
    assert len(over) > 100
    assert all(d.psi_noise > RULES.psi for run in runs for d in run)
    # One alarm in 20 runs is what the policy allows.
    assert sum(bool(list(drift_alerts(run, RULES))) for run in runs) <= 2


def test_the_noise_falls_with_the_number_of_accounts_and_not_with_copies_of_their_rows() -> None:
    few, many = (reference(panel(n, 4, x=0.0), ["x"], usual_share=RULES.usual_share) for n in (60, 600))
    assert found(few, snapshot(60, 5, x=0.0))["x"].psi_noise > 4 * found(many, snapshot(600, 5, x=0.0))["x"].psi_noise
    assert few.accounts == pytest.approx(60)
    # Two accounts of one and three rows: (1 + 3)² ÷ (1² + 3²).
    rows = pd.DataFrame({"account_id": list("abbb"), "as_of": [WEEKS[0], *WEEKS[:3]], "x": [1.0, 2.0, 3.0, 4.0]})
    assert reference(rows, ["x"], usual_share=RULES.usual_share).accounts == pytest.approx(1.6)


def test_a_feed_that_broke_is_told_as_missing_values() -> None:
    given = reference(panel(300, 6, logins=0.0), ["logins"], usual_share=RULES.usual_share)
    now = snapshot(280, 7, logins=0.0)
    now.loc[:120, "logins"] = float("nan")
    assert alerts(given, now) == [("drift", "logins"), ("missing", "logins")]
    moved = found(given, now)["logins"]
    assert (moved.missing_before, moved.missing_now) == (0.0, pytest.approx(121 / 280))


def test_a_book_that_ages_is_as_far_from_its_past_as_ever_and_no_drift() -> None:
    rows = panel(200, 8, tenure=0.0)
    months = rows["as_of"].map({day: i for i, day in enumerate(WEEKS)})
    given = reference(rows.assign(tenure=rows["tenure"] + months * 0.3), ["tenure"], usual_share=RULES.usual_share)
    now = snapshot(200, 9, tenure=8 * 0.3)
    aged = found(given, now)["tenure"]
    assert aged.psi > max(RULES.psi, aged.psi_noise)
    assert aged.psi_usual > RULES.psi
    older = snapshot(200, 9, tenure=20 * 0.3)
    assert alerts(given, older) == [("drift", "tenure")]


def test_what_is_stored_are_shares_and_no_row_and_reads_back_the_same() -> None:
    rows = panel(40, 10, x=0.0)
    given = reference(rows, ["x"], usual_share=RULES.usual_share)
    text = json.dumps(given.parameters())
    assert Reference.from_parameters(json.loads(text)) == given
    assert not any(account in text for account in rows["account_id"].unique())
    assert sum(given.indicators["x"].shares) == pytest.approx(1.0)
    assert len(text) < 1000


def test_an_indicator_that_is_no_longer_computed_is_left_out() -> None:
    given = reference(panel(50, 11, x=0.0, y=0.0), ["x", "y"], usual_share=RULES.usual_share)
    assert list(found(given, snapshot(50, 12, y=0.0))) == ["y"]
