"""The truth is right: it is judged by what becomes of thousands of accounts, family by family."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from simulation import Company, World, simulate
from simulation.book import Book, draw_book
from simulation.days import Floats
from simulation.families import FAMILIES
from simulation.outlook import GAP_DAYS, HORIZONS, outlook
from simulation.revenue import draw_revenue
from simulation.treatment import draw_temper, treatment_effects

MONDAYS = [date(2026, 6, 1) - timedelta(days=104 + 91 * back) for back in range(5)]
LARGE = World(seed=3, accounts=2500, arr_total=5e7, weeks=104, burn_in_weeks=52, base_shift=-0.35)


def observed(world: World, book: Book, signed_on: Floats, *, draws: int, every: int = 84) -> pd.DataFrame:
    """Hazards and what happened, on some Mondays; rows decided in the gap are left out, as in the panel."""
    rng = np.random.default_rng(0)
    leaving = book.terms.rows(book.terms.kind >= 0)
    parts = []
    for day in range(world.first_day + 70, world.until_day - GAP_DAYS - HORIZONS[-1], every):
        seen = outlook(world, book, signed_on, day, rng, draws)
        first = np.full(book.size, np.inf)
        ahead = leaving.rows(leaving.decided >= day)
        np.minimum.at(first, ahead.account, ahead.decided)
        wait = first[seen.now.terms.account] - day
        rows = {f"hazard_{h}": seen.leaves[:, place] for place, h in enumerate(HORIZONS)}
        rows |= {f"left_{h}": (wait >= GAP_DAYS) & (wait < GAP_DAYS + h) for h in HORIZONS}
        rows["monthly"] = seen.now.prospects.term_months == 1
        rows["signed"] = seen.now.signed
        rows["days_to_end"] = seen.now.terms.ends - day
        parts.append(pd.DataFrame(rows)[~(wait < GAP_DAYS)])
    return pd.concat(parts, ignore_index=True)


@pytest.fixture(scope="module", params=["mixed", "interaction", "null"])
def rows(request: pytest.FixtureRequest) -> pd.DataFrame:
    world = replace(LARGE, family=request.param)
    book = draw_book(world)
    return observed(world, book, draw_revenue(world, book).next_signed, draws=30)


def z(rows: pd.DataFrame, horizon: int) -> float:
    """How many standard deviations lie between expected and observed; rows of one account are nearly independent."""
    p, left = rows[f"hazard_{horizon}"], rows[f"left_{horizon}"]
    return float((left.sum() - p.sum()) / np.sqrt((p * (1 - p)).sum()))


def test_hazards_come_true_at_every_level(rows: pd.DataFrame) -> None:
    for horizon in HORIZONS:
        assert abs(z(rows, horizon)) < 3.5, horizon
    for _, level in rows.groupby(pd.qcut(rows["hazard_90"], 6, duplicates="drop")):
        assert abs(z(level, 90)) < 3.5, level["hazard_90"].describe()


def test_hazards_come_true_by_contract_and_after_the_signature(rows: pd.DataFrame) -> None:
    for group in ("monthly", "signed"):
        for _, part in rows.groupby(group):
            assert abs(z(part, 180)) < 3.5, group


def test_what_is_renewed_cannot_be_left_at_once(rows: pd.DataFrame) -> None:
    renewed = rows[rows["signed"] & ~rows["monthly"]]
    assert len(renewed) > 200
    assert (renewed["hazard_30"] == 0).all()
    assert not renewed["left_30"].any()


@pytest.mark.slow
def test_no_table_knows_more_than_the_hazard() -> None:
    """What leavers and stayers show before the decision differs by their risk alone: no row follows from the outcome."""
    company = simulate(replace(LARGE, accounts=8000, arr_total=1.6e8), truth_on=MONDAYS, courses=20)
    truth = company.truth.reset_index(drop=True)
    terms = company.tables["subscriptions"]
    churn = terms[terms["decision_kind"].isin(["voluntary", "non_payment", "acquired"])]
    known = churn[["account_id"]].assign(known=churn[["decision_at", "known_at"]].max(axis=1))
    ahead = truth.reset_index().merge(known, on="account_id", how="left")
    ahead["wait"] = (ahead["known"] - ahead["as_of"]).dt.total_seconds() / 86_400
    first = ahead[ahead["wait"] >= 0].groupby("index")["wait"].min().reindex(truth.index)
    left = first.between(GAP_DAYS, GAP_DAYS + 90, inclusive="left").to_numpy()
    usable = ~(first < GAP_DAYS).to_numpy()
    # The market moves everybody of one Monday alike, and nobody could know whither: it is taken out.
    both = pd.DataFrame({"left": left, "p": truth["hazard_90d"]})[usable].groupby(truth["as_of"]).sum()
    p = (truth["hazard_90d"] * truth["as_of"].map(both["left"] / both["p"])).to_numpy()
    for sign, accounts in signs(company, truth).items():
        shows = accounts.to_numpy() & usable
        assert shows.sum() > 100, sign
        distance = (left[shows].sum() - p[shows].sum()) / np.sqrt((p * (1 - p))[shows].sum())
        assert abs(distance) < 3.0, (sign, distance)


def signs(company: Company, truth: pd.DataFrame) -> dict[str, pd.Series]:
    """What the tables show of each row before its `as_of`."""

    def shown(frame: pd.DataFrame, begins: str, ends: pd.Series) -> pd.Series:
        spans = frame[["account_id"]].assign(begins=frame[begins], ends=ends)
        met = truth[["account_id", "as_of"]].reset_index().merge(spans, on="account_id")
        inside = (met["begins"] < met["as_of"]) & ~(met["ends"] < met["as_of"])
        return truth.index.isin(met.loc[inside, "index"]) & pd.Series(True, index=truth.index)

    tables = company.tables
    deals, invoices, usage = tables["opportunities"], tables["invoices"], tables["usage_events"]
    growing = deals[deals["kind"] == "expansion"]
    renewing = deals[deals["kind"] == "renewal"]
    failed = invoices[invoices["failed_at"].notna()]
    exported = usage[(usage["feature"] == "exports") & (usage["count"] > 12)]
    tickets = tables["support_tickets"]
    gone = tables["users"][tables["users"]["role"] == "champion"]
    month = pd.Timedelta(days=28)
    return {
        "an expansion is talked about": shown(growing, "created_at", growing["closed_at"]),
        "a renewal is talked about": shown(renewing, "created_at", renewing["closed_at"]),
        "an invoice is overdue": shown(invoices, "due_on", invoices["paid_at"]),
        "a payment has failed": shown(failed, "failed_at", failed["failed_at"] + month),
        "data were exported": shown(exported, "occurred_at", exported["occurred_at"] + month),
        "a ticket was escalated": shown(
            tickets.dropna(subset=["escalated_at"]), "escalated_at", tickets["escalated_at"] + month
        ),
        "a champion has left": shown(
            gone.dropna(subset=["deactivated_at"]), "deactivated_at", gone["deactivated_at"] + month
        ),
    }


def test_longer_horizons_hold_the_shorter_ones(rows: pd.DataFrame) -> None:
    hazards = rows[[f"hazard_{h}" for h in HORIZONS]].to_numpy()
    assert (np.diff(hazards, axis=1) >= -1e-12).all()
    assert ((hazards >= 0) & (hazards <= 1)).all()


def test_the_table_ranks_leavers_higher_and_ends_with_the_decision(
    default_company: Company, default_world: World
) -> None:
    truth = default_company.truth
    terms = default_company.tables["subscriptions"]
    churn = terms[terms["decision_kind"].isin(["voluntary", "non_payment", "acquired"])]
    known = churn[["decision_at", "known_at"]].max(axis=1)
    first = known.groupby(churn["account_id"]).max()
    once = truth[~truth["account_id"].isin(churn.loc[churn["account_id"].duplicated(), "account_id"])]
    ahead = (once["account_id"].map(first) - once["as_of"]).dt.total_seconds() / 86_400
    mature = once["as_of"] + pd.Timedelta(days=104) <= pd.Timestamp(default_world.data_until)
    leaves = ahead.between(14, 104, inclusive="left")[mature]
    assert once["hazard_90d"][mature][leaves].mean() > 3 * once["hazard_90d"][mature][~leaves].mean()


def test_some_accounts_are_better_left_alone_and_silence_cannot_be_treated() -> None:
    temper = draw_temper(World(), 20_000, generation=0)
    for cause, low, high in ((0, -0.8, -0.3), (1, -0.2, 0.0), (-1, 0.0, 0.0)):
        effects = treatment_effects(World(), temper, np.full(20_000, cause))
        worse = effects > 0
        assert 0.04 < worse.mean() < 0.08
        assert ((effects[worse] >= 0.2) & (effects[worse] <= 0.5)).all()
        assert ((effects[~worse] >= low) & (effects[~worse] <= high)).all()


def test_every_family_is_a_different_company() -> None:
    small = World(accounts=60, arr_total=1e6, weeks=40, burn_in_weeks=30, base_shift=0.0)
    chances = {name: draw_book(replace(small, family=name)).terms.chance for name in FAMILIES}
    sums = {name: float(np.nansum(values)) for name, values in chances.items()}
    assert len({round(value, 6) for value in sums.values()}) == len(FAMILIES)
