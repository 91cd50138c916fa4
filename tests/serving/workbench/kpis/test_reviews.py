"""Reviews due and held, hours in which somebody is there, and books of business."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pytest

from policy.policy import load_policy, policy_from
from serving.workbench.kpis.book import books
from serving.workbench.kpis.hours import business_hours
from serving.workbench.kpis.reviews import due_reviews
from tests.serving.workbench.kpis.twelve import DAY, tables, twelve

OPEN = load_policy().tasks.business_hours
START = pd.Timestamp("2026-01-01")


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(f"2026-{text}")


def reviews(*held: tuple[str, str, bool], until: str = "12-31") -> list[tuple[str, bool]]:
    rows = [(day(due), day(on), came) for due, on, came in held]
    return [(f"{d:%m-%d}", ok) for d, ok in due_reviews(START, day(until), rows, every=91, grace=14)]


def test_a_review_is_in_time_up_to_fourteen_days_after_it_was_due_and_not_without_the_customer() -> None:
    assert reviews(("04-02", "04-16", True), until="05-01") == [("04-02", True)]
    assert reviews(("04-02", "04-17", True), until="05-01") == [("04-02", False)]
    assert reviews(("04-02", "04-03", False), until="05-01") == [("04-02", False)]


def test_a_review_that_was_put_off_and_held_in_time_is_one_that_was_held() -> None:
    held = (("04-02", "04-02", False), ("04-02", "04-14", True))
    assert reviews(*held, until="05-01") == [("04-02", True)]
    assert reviews(held[0], ("04-02", "04-17", True), until="05-01") == [("04-02", False)]


def test_reviews_that_nobody_recorded_were_due_all_the_same() -> None:
    assert reviews(until="10-01") == [("04-02", False), ("07-02", False)]
    assert reviews(("07-02", "07-02", True), until="08-01") == [("04-02", False), ("07-02", True)]
    # A distance of one interval and a half is not two intervals.
    assert reviews(("04-02", "04-02", True), ("08-10", "08-10", True), until="09-01") == [
        ("04-02", True),
        ("08-10", True),
    ]


@pytest.mark.parametrize(
    ("begun", "over", "zone", "hours"),
    [
        ("2026-05-04 10:00", "2026-05-04 12:30", None, 2.5),
        ("2026-05-04 07:00", "2026-05-04 18:00", None, 8.0),
        ("2026-05-08 16:00", "2026-05-11 10:00", None, 2.0),  # Friday to Monday
        ("2026-05-09 10:00", "2026-05-10 12:00", None, 0.0),  # a weekend
        ("2026-05-04 06:00", "2026-05-04 08:00", "Europe/Berlin", 1.0),  # 8 to 10 there
        ("2026-05-01 00:00", "2026-05-15 00:00", None, 80.0),
    ],
)
def test_hours_count_while_somebody_is_there(begun: str, over: str, zone: str | None, hours: float) -> None:
    assert business_hours(datetime.fromisoformat(begun), datetime.fromisoformat(over), zone, OPEN) == hours


def test_a_book_weighs_its_customers_by_how_many_one_person_can_hold() -> None:
    found = books(twelve().at(DAY)).set_index("owner_id")
    assert found["customers"].to_dict() == {"ann": 5, "bob": 3, "nobody": 1}
    assert found.loc["nobody", "arr"] == 6_000_000
    # ann: a 10,000 (mid/smb, 100), b 25,000 (pooled, 50), f 6,000 and g 7,500 (digital, 200), h 100,000 (dedicated, 20)
    assert found.loc["ann", "load"] == pytest.approx(1 / 100 + 1 / 50 + 2 / 200 + 1 / 20)
    assert found["met"].drop("nobody").to_dict() == {"ann": True, "bob": True}
    assert found.loc["nobody", ["load", "met"]].isna().all()
    unowned = twelve(accounts=tables()["accounts"].assign(owner_id=pd.NA))
    (own,) = books(unowned.at(DAY)).to_dict("records")
    assert (own["owner_id"], own["customers"]) == ("nobody", 9), "listed, never dropped"
    small = policy_from({"metrics": {"gross_margin": 0.5}, "segments": {"touch_model": {"mid": 20_000}}}, where="test")
    assert books(twelve(small).at(DAY)).set_index("owner_id").loc["ann", "load"] == pytest.approx(
        1 / 200 + 1 / 50 + 2 / 200 + 1 / 20
    )
