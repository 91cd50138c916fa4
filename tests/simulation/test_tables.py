"""The tables are those of interface.md, and hold nothing that could not be known by the data end."""

from __future__ import annotations

import pandas as pd
import pytest

from simulation import Company, World, simulate
from tests.simulation.conftest import as_it_stands

# Copied from interface.md by hand: a change of the code must not change the expectation.
INTERFACE = {
    "accounts": "account_id name segment industry region owner_id owner_email owner_type timezone created_on "
    "merged_into",
    "subscriptions": "subscription_id account_id product signed_at starts_on ends_on arr seats list_arr auto_renew "
    "notice_days decision_at decision_kind effective_on reason known_at",
    "users": "user_id account_id role department created_at deactivated_at bounced_at",
    "entitlements": "account_id module feature level starts_on ends_on",
    "usage_events": "account_id user_id occurred_at module feature channel count event_id known_at",
    "support_tickets": "ticket_id account_id user_id opened_at first_response_at closed_at priority escalated_at topic "
    "known_at",
    "ticket_messages": "message_id ticket_id sent_at author text sentiment",
    "survey_responses": "response_id account_id user_id kind score scale_max answered_at comment known_at",
    "invoices": "invoice_id account_id issued_on due_on amount paid_at failed_at failure_resolved_at disputed_at "
    "dispute_resolved_at known_at",
    "touchpoints": "touch_id account_id user_id kind direction occurred_at due_on opened_at responded_at attended "
    "reason",
    "milestones": "account_id milestone kind due_on reached_at",
    "opportunities": "opportunity_id account_id kind stage amount created_at closed_at won",
    "crm_feedback": "feedback_id account_id kind value reason recorded_at expires_on task_key",
}
REQUIRED = {
    "accounts": "account_id created_on",
    "subscriptions": "subscription_id account_id starts_on ends_on arr",
    "users": "user_id account_id role created_at",
    "entitlements": "account_id module feature level",
    "usage_events": "account_id occurred_at known_at event_id",
    "support_tickets": "ticket_id account_id opened_at known_at",
    "ticket_messages": "message_id ticket_id sent_at author",
    "survey_responses": "response_id account_id kind score answered_at known_at",
    "invoices": "invoice_id account_id issued_on due_on amount known_at",
    "touchpoints": "touch_id account_id kind direction occurred_at",
    "milestones": "account_id milestone kind",
    "opportunities": "opportunity_id account_id kind created_at",
    "crm_feedback": "feedback_id account_id kind recorded_at",
}
CLOSED_LISTS = {
    ("accounts", "segment"): "smb mid_market enterprise",
    ("accounts", "owner_type"): "CSM",
    ("subscriptions", "decision_kind"): "voluntary non_payment acquired contraction",
    ("users", "role"): "champion sponsor admin user",
    ("entitlements", "level"): "core advanced",
    ("usage_events", "channel"): "ui api",
    ("ticket_messages", "author"): "customer agent",
    ("survey_responses", "kind"): "nps csat ces outcome",
    ("touchpoints", "kind"): "email call meeting qbr training webinar community feedback feature_request",
    ("touchpoints", "direction"): "ours theirs",
    ("milestones", "kind"): "key_action first_value task goal handoff",
    ("opportunities", "kind"): "new renewal expansion win_back",
    ("crm_feedback", "kind"): "task_outcome driver_mark override sponsor_rating holdout",
}
CHURN = ["voluntary", "non_payment", "acquired"]
PLANNED = {"ends_on", "due_on", "effective_on", "expires_on"}


def test_every_table_has_exactly_its_columns(small_company: Company) -> None:
    assert set(small_company.tables) == set(INTERFACE)
    for name, columns in INTERFACE.items():
        assert list(small_company.tables[name].columns) == columns.split(), name


def test_every_column_has_its_type(small_company: Company) -> None:
    for name, frame in small_company.tables.items():
        for column in frame.columns:
            if column.endswith(("_at", "_on")):
                assert frame[column].dtype == "datetime64[us]", (name, column)
            else:
                assert str(frame[column].dtype) in {"string", "float64", "Int64", "boolean"}, (name, column)
            if column.endswith("_on"):
                assert (frame[column].dropna() == frame[column].dropna().dt.normalize()).all(), (name, column)


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_required_cells_are_filled(small_company: Company, name: str) -> None:
    assert len(small_company.tables[name]) > 0
    assert not small_company.tables[name][REQUIRED[name].split()].isna().any().any()


@pytest.mark.parametrize(("name", "column"), sorted(CLOSED_LISTS))
def test_values_come_from_the_closed_lists(small_company: Company, name: str, column: str) -> None:
    assert set(small_company.tables[name][column].dropna()) <= set(CLOSED_LISTS[name, column].split())


def test_nothing_happens_or_is_known_after_the_data_end(small_company: Company, small_world: World) -> None:
    end = pd.Timestamp(small_world.data_until)
    for name, frame in small_company.tables.items():
        for column in frame.columns:
            if frame[column].dtype == "datetime64[us]" and column not in PLANNED:
                # A renewal signed before the data end may begin after it.
                planned = name == "subscriptions" and column == "starts_on"
                assert planned or frame[column].dropna().lt(end).all(), (name, column)


def test_activity_begins_with_the_emitted_history(small_company: Company, small_world: World) -> None:
    first = pd.Timestamp(small_world.data_until) - pd.Timedelta(weeks=small_world.weeks)
    assert small_company.tables["usage_events"]["occurred_at"].min() >= first
    assert small_company.tables["support_tickets"]["opened_at"].min() >= first


def test_keys_of_accounts_users_and_subscriptions_are_unique(small_company: Company) -> None:
    for name, key in (("accounts", "account_id"), ("users", "user_id")):
        assert small_company.tables[name][key].is_unique
    assert not small_company.tables["subscriptions"].duplicated(["subscription_id", "known_at"]).any()
    assert small_company.tables["accounts"]["name"].is_unique


def test_rows_refer_to_what_exists(small_company: Company) -> None:
    tables = small_company.tables
    accounts = set(tables["accounts"]["account_id"])
    users = tables["users"].set_index("user_id")["account_id"]
    for name, frame in tables.items():
        if "account_id" in frame and name != "usage_events":
            assert set(frame["account_id"]) <= accounts, name
        if "user_id" in frame and name not in {"users", "usage_events"}:
            known = frame.dropna(subset=["user_id"])
            assert (known["user_id"].map(users) == known["account_id"]).all(), name
    assert set(tables["ticket_messages"]["ticket_id"]) <= set(tables["support_tickets"]["ticket_id"])
    assert set(tables["accounts"]["merged_into"].dropna()) <= accounts


def test_terms_follow_each_other_without_gap_or_overlap_unless_an_account_returns(small_company: Company) -> None:
    terms = as_it_stands(small_company).sort_values(["account_id", "starts_on"])
    left = terms["decision_kind"].isin(CHURN).shift(fill_value=False)
    same = terms["account_id"].eq(terms["account_id"].shift())
    assert (terms["starts_on"][same & ~left] == terms["ends_on"].shift()[same & ~left]).all()
    away = (terms["starts_on"] - terms["ends_on"].shift())[same & left].dt.days
    assert len(away) > 0
    assert away.between(57, 240).all()
    assert (terms["signed_at"] < terms["starts_on"]).all()
    assert (terms["starts_on"] < terms["ends_on"]).all()


def test_a_leaver_is_known_by_the_notice_deadline(small_company: Company) -> None:
    terms = as_it_stands(small_company)
    left = terms[terms["decision_kind"].isin(CHURN)]
    assert (left["effective_on"] == left["ends_on"]).all()
    assert (left["decision_at"] >= left["starts_on"]).all()
    notice = left[left["decision_kind"] == "voluntary"]
    deadline = notice["ends_on"] - pd.to_timedelta(notice["notice_days"].astype("int64"), unit="D")
    assert (notice["decision_at"].dt.floor("D") <= deadline).all()
    assert (notice["known_at"].dt.floor("D") <= deadline).all()


def test_a_late_entry_is_a_second_version_dated_back(small_company: Company) -> None:
    terms = small_company.tables["subscriptions"].sort_values("known_at", kind="stable")
    first = terms[terms.duplicated("subscription_id", keep="last")].set_index("subscription_id")
    second = terms[terms.duplicated("subscription_id", keep="first")].set_index("subscription_id")
    assert len(first) == len(second) > 3
    assert first["decision_at"].isna().all()
    assert second["decision_at"].notna().all()
    late = (second["known_at"] - second["decision_at"]).dt.total_seconds() / 86_400
    assert late.max() > 7
    assert late.between(0, 21).all()
    decided = as_it_stands(small_company)["decision_at"].notna().sum()
    assert 0.01 < len(second) / decided < 0.10


def test_decision_columns_are_filled_together(small_company: Company) -> None:
    terms = as_it_stands(small_company)
    decided = terms["decision_at"].notna()
    assert (terms["decision_kind"].notna() == decided).all()
    assert (terms["effective_on"].notna() == decided).all()
    assert not terms.loc[~decided, "reason"].notna().any()


def test_a_contraction_stands_before_a_smaller_term(small_company: Company) -> None:
    terms = as_it_stands(small_company).sort_values(["account_id", "starts_on"])
    after = terms.groupby("account_id")["arr"].shift(-1)
    cut = terms[terms["decision_kind"] == "contraction"]
    assert len(cut) > 3
    assert (after[cut.index] < cut["arr"]).all()


def test_usage_stays_within_entitlements(small_company: Company) -> None:
    usage = small_company.tables["usage_events"].dropna(subset=["feature"])
    usage = usage[usage["account_id"] != "acc-99999"]
    sold = small_company.tables["entitlements"]
    merged = usage.merge(sold, on=["account_id", "module", "feature"], how="left")
    assert (merged["starts_on"] <= merged["occurred_at"]).all()


def test_users_act_only_while_they_are_there(small_company: Company) -> None:
    usage = small_company.tables["usage_events"]
    users = small_company.tables["users"].set_index("user_id")
    seen = usage[usage["user_id"].notna() & (usage["account_id"] != "acc-99999")]
    assert (seen["occurred_at"] >= seen["user_id"].map(users["created_at"])).all()
    gone = seen["user_id"].map(users["deactivated_at"])
    assert not (seen["occurred_at"] > gone).any()


def test_equal_seeds_give_equal_companies_and_others_do_not() -> None:
    def company(seed: int) -> Company:
        return simulate(World(seed=seed, accounts=40, arr_total=800_000.0, weeks=40, burn_in_weeks=30))

    first, again, other = company(3), company(3), company(4)
    for name, frame in first.tables.items():
        pd.testing.assert_frame_equal(frame, again.tables[name])
    pd.testing.assert_frame_equal(first.truth, again.truth)
    assert not first.tables["usage_events"].equals(other.tables["usage_events"])
