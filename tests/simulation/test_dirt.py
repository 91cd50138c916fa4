"""The planted dirt exists, in the amounts that a contract has to find."""

from __future__ import annotations

import numpy as np
import pytest

from simulation import Company
from simulation.dirt import UNKNOWN_ACCOUNT


def test_three_events_in_a_thousand_are_exact_duplicates(small_company: Company) -> None:
    usage = small_company.tables["usage_events"]
    again = usage.duplicated()
    assert again.mean() == pytest.approx(0.003, rel=0.1)
    assert (usage["event_id"].duplicated() == again).all()


def test_a_handful_of_bad_rows_waits_for_quarantine(small_company: Company) -> None:
    tables = small_company.tables
    usage, tickets = tables["usage_events"].drop_duplicates(), tables["support_tickets"]
    surveys, invoices = tables["survey_responses"], tables["invoices"]
    bad = {
        "unknown account": (usage["account_id"] == UNKNOWN_ACCOUNT).sum(),
        "count of zero": (usage["count"] == 0).sum(),
        "closed before opened": (tickets["closed_at"] < tickets["opened_at"]).sum(),
        "negative amount": (invoices["amount"] < 0).sum(),
        "score beyond scale": (surveys["score"] > surveys["scale_max"]).sum(),
    }
    assert all(5 <= count <= 20 for count in bad.values()), bad


def test_some_account_days_are_missing(small_company: Company) -> None:
    usage = small_company.tables["usage_events"]
    numbers = usage["event_id"][usage["event_id"].str.fullmatch(r"evt-\d+")].str[4:].astype("int64")
    late = usage["occurred_at"].max() - np.timedelta64(11, "D")
    complete = numbers[usage["occurred_at"] < late]
    assert complete.max() - complete.nunique() >= 12


@pytest.mark.parametrize(
    ("name", "column"),
    [
        ("usage_events", "occurred_at"),
        ("support_tickets", "opened_at"),
        ("survey_responses", "answered_at"),
        ("invoices", "issued_on"),
    ],
)
def test_a_few_per_cent_are_known_one_to_ten_days_late(small_company: Company, name: str, column: str) -> None:
    frame = small_company.tables[name]
    days = (frame["known_at"] - frame[column]).dt.total_seconds() / 86_400
    late = days > 0
    assert 0.015 < late.mean() < 0.045
    assert (days[~late] == 0).all()
    assert days[late].between(1, 10).all()


def test_about_two_per_cent_of_optional_cells_are_empty(small_company: Company) -> None:
    assert small_company.tables["users"]["department"].isna().mean() == pytest.approx(0.02, abs=0.01)
    assert small_company.tables["usage_events"]["feature"].isna().mean() == pytest.approx(0.02, abs=0.005)


def test_three_messages_in_ten_come_without_sentiment_but_with_text(small_company: Company) -> None:
    messages = small_company.tables["ticket_messages"]
    assert messages["sentiment"].isna().mean() == pytest.approx(0.30, abs=0.03)
    assert messages["sentiment"].dropna().between(-1, 1).all()
    assert messages["text"].str.len().min() > 10
    assert not messages["text"].str.contains("{", regex=False).any()


def test_an_owner_works_in_one_time_zone(default_company: Company) -> None:
    accounts = default_company.tables["accounts"]
    assert accounts.groupby("owner_id")["timezone"].nunique().max() == 1


def test_a_few_accounts_have_no_owner(default_company: Company) -> None:
    accounts = default_company.tables["accounts"]
    unowned = accounts["owner_id"].isna()
    assert 0.01 < unowned.mean() < 0.06
    assert (accounts["owner_email"].isna() == unowned).all()
