"""Fill the made-up warehouse of this example: `schema.sql` on an empty Postgres, its rows from the simulated company.

CHURN_SOURCES_URL=postgres://… python examples/warehouse/fill.py [--seed 7] [--accounts 500] [--until 2026-06-01]

The same arguments always give the same rows. Everything goes into the schema `northlight`; an existing one is refused.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pandas as pd
import psycopg

from simulation import World, simulate

SCHEMA = "northlight"
HELPDESK_ZONE = "Asia/Kolkata"
TIER = {"smb": 1, "mid_market": 2, "enterprise": 3}
SALES_REGION = {"apac": "AP", "emea": "EM", "latam": "LA", "north_america": "NA"}
PERSONA = {"champion": "ADVOCATE", "sponsor": "BUYER", "admin": "ADMINISTRATOR", "user": "MEMBER"}
CANCEL_CODE = {"voluntary": 1, "non_payment": 2, "acquired": 3, "contraction": 4}
PRIO = {"low": 10, "normal": 20, "high": 30, "urgent": 40}
FORM = {"nps": 1, "csat": 2, "ces": 3, "outcome": 4}
PIPELINE = {"new": "NB", "renewal": "RN", "expansion": "UP", "win_back": "WB"}
STAGE_NO = {"qualification": 10, "proposal": 20, "negotiation": 30, "closed_won": 80, "closed_lost": 90}
CONTACT = {
    "email": 10, "call": 11, "meeting": 12, "qbr": 13, "training": 14, "webinar": 15, "community": 16, "feedback": 17,
    "feature_request": 18,
}  # fmt: skip
STEP = {"key_action": 50, "first_value": 51, "task": 52, "goal": 53, "handoff": 54}
NOTE = {"task_outcome": 90, "driver_mark": 91, "override": 92, "sponsor_rating": 93, "holdout": 94}
Frames = Mapping[str, pd.DataFrame]


def warehouse_tables(company: Frames) -> dict[str, pd.DataFrame]:
    """The company's source tables as the eleven tables of `schema.sql`, in its column names, types and codes."""
    return {
        "crm_account": _accounts(company["accounts"]),
        "crm_deal": _deals(company["opportunities"]),
        "crm_activity": _activities(company["touchpoints"], company["milestones"], company["crm_feedback"]),
        "billing_contract": _contracts(company["subscriptions"]),
        "billing_invoice": _invoices(company["invoices"]),
        "app_user": _users(company["users"]),
        "app_event": _events(company["usage_events"]),
        "plan_feature": _plans(company["entitlements"]),
        "helpdesk_ticket": _tickets(company["support_tickets"]),
        "helpdesk_comment": _comments(company["ticket_messages"]),
        "survey_answer": _surveys(company["survey_responses"]),
    }


def fill(url: str, tables: Frames) -> None:
    """Create the schema and load the tables, all or nothing."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute((Path(__file__).parent / "schema.sql").read_text(encoding="utf-8").encode())
        for name, frame in tables.items():
            text = io.StringIO()
            frame.to_csv(text, index=False, header=False)
            columns = ", ".join(frame.columns)
            with cursor.copy(f"COPY {SCHEMA}.{name} ({columns}) FROM STDIN (FORMAT csv)") as copy:
                copy.write(text.getvalue())


def number(ids: pd.Series) -> pd.Series:
    """acc-00012 → 12."""
    return ids.str.extract(r"(\d+)$")[0].astype("Int64")


def person(ids: pd.Series) -> pd.Series:
    """A UUID that always belongs to the same user id; null stays null."""
    known = {user: str(uuid5(NAMESPACE_URL, f"northlight/{user}")) for user in ids.dropna().unique()}
    return ids.map(known)


def code(words: pd.Series, codes: Mapping[str, int | str]) -> pd.Series:
    """The word's code; null stays null."""
    found = words.astype("object").map(codes)
    return found.astype("Int64") if all(isinstance(c, int) for c in codes.values()) else found


def flag(values: pd.Series) -> pd.Series:
    """True → Y, False → N; null stays null."""
    return values.astype("object").map({True: "Y", False: "N"})


def cents(money: pd.Series) -> pd.Series:
    """Money as whole cents."""
    return (money * 100).round().astype("Int64")


def zoned(moments: pd.Series) -> pd.Series:
    """UTC moments as text with an offset, as one of several offices would write them."""
    local = moments.dt.tz_localize("UTC").dt.tz_convert("America/Chicago")
    return local.map(lambda moment: moment.isoformat(), na_action="ignore")


def helpdesk_time(moments: pd.Series) -> pd.Series:
    """UTC moments as the helpdesk's clock shows them."""
    return moments.dt.tz_localize("UTC").dt.tz_convert(HELPDESK_ZONE).dt.tz_localize(None)


def epoch(moments: pd.Series, *, per_second: int = 1) -> pd.Series:
    """Seconds since 1970, or parts of them; null stays null."""
    return ((moments - pd.Timestamp(0)) // pd.Timedelta(seconds=1)).astype("Int64") * per_second


def as_number(days: pd.Series) -> pd.Series:
    """A date as YYYYMMDD."""
    return days.dt.strftime("%Y%m%d")


def customer(ids: pd.Series) -> pd.Series:
    """The number that billing knows an account by."""
    return "C-" + (number(ids) + 100_000).astype("string")


def path(module: pd.Series, feature: pd.Series) -> pd.Series:
    """module/feature; a missing feature leaves nothing behind the stroke."""
    return module + "/" + feature.fillna("")


def _accounts(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "acct_no": number(rows["account_id"]), "legal_name": rows["name"], "tier": code(rows["segment"], TIER),
        "sector": rows["industry"], "sales_region": code(rows["region"], SALES_REGION), "csm_code": rows["owner_id"],
        "csm_mail": rows["owner_email"], "csm_role": rows["owner_type"], "tz": rows["timezone"],
        "opened_epoch": epoch(rows["created_on"]), "absorbed_by": number(rows["merged_into"]),
        "billing_customer": customer(rows["account_id"]), "helpdesk_org": number(rows["account_id"]) + 40_000,
    })  # fmt: skip


def _deals(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "deal_id": "D" + rows["opportunity_id"].str.removeprefix("opp-"), "acct_no": number(rows["account_id"]),
        "pipeline": code(rows["kind"], PIPELINE), "stage_no": code(rows["stage"], STAGE_NO),
        "amount_cents": cents(rows["amount"]), "opened_ts": zoned(rows["created_at"]),
        "closed_ts": zoned(rows["closed_at"]), "outcome": rows["won"].astype("object").map({True: "W", False: "L"}),
    })  # fmt: skip


def _activities(contacts: pd.DataFrame, steps: pd.DataFrame, notes: pd.DataFrame) -> pd.DataFrame:
    contacts = pd.DataFrame({
        "activity_id": contacts["touch_id"], "acct_no": number(contacts["account_id"]),
        "contact": person(contacts["user_id"]), "type_code": code(contacts["kind"], CONTACT),
        "initiator": code(contacts["direction"], {"ours": "U", "theirs": "T"}),
        "happened_ts": zoned(contacts["occurred_at"]), "due_date": contacts["due_on"],
        "opened_ts": zoned(contacts["opened_at"]), "answered_ts": zoned(contacts["responded_at"]),
        "showed_up": flag(contacts["attended"]), "subject": contacts["reason"],
    })  # fmt: skip
    steps = pd.DataFrame({
        "activity_id": [f"step-{n:06d}" for n in range(len(steps))], "acct_no": number(steps["account_id"]),
        "type_code": code(steps["kind"], STEP), "happened_ts": zoned(steps["reached_at"]),
        "due_date": steps["due_on"], "subject": steps["milestone"],
    })  # fmt: skip
    notes = pd.DataFrame({
        "activity_id": notes["feedback_id"], "acct_no": number(notes["account_id"]),
        "type_code": code(notes["kind"], NOTE), "happened_ts": zoned(notes["recorded_at"]), "subject": notes["reason"],
        "detail": notes["value"], "valid_until": notes["expires_on"], "task_ref": notes["task_key"],
    })  # fmt: skip
    return pd.concat([contacts, steps, notes], ignore_index=True)


def _contracts(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "contract_ref": rows["subscription_id"], "billing_customer": customer(rows["account_id"]),
        "sku": rows["product"], "signed_ts": zoned(rows["signed_at"]), "first_day": rows["starts_on"],
        "last_day": rows["ends_on"] - pd.Timedelta(days=1), "annual_cents": cents(rows["arr"]),
        "list_cents": cents(rows["list_arr"]), "licences": rows["seats"], "renews": flag(rows["auto_renew"]),
        "notice_months": rows["notice_days"] // 30, "cancelled_ts": zoned(rows["decision_at"]),
        "cancel_code": code(rows["decision_kind"], CANCEL_CODE), "leaves_on": rows["effective_on"],
        "cancel_note": rows["reason"],
    })  # fmt: skip


def _invoices(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "invoice_no": number(rows["invoice_id"]), "billing_customer": customer(rows["account_id"]),
        "issued": as_number(rows["issued_on"]), "due": as_number(rows["due_on"]), "gross_cents": cents(rows["amount"]),
        "paid_epoch": epoch(rows["paid_at"]), "failed_epoch": epoch(rows["failed_at"]),
        "recovered_epoch": epoch(rows["failure_resolved_at"]), "disputed_epoch": epoch(rows["disputed_at"]),
        "settled_epoch": epoch(rows["dispute_resolved_at"]), "booked_ts": zoned(rows["known_at"]),
    })  # fmt: skip


def _users(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "user_uuid": person(rows["user_id"]), "acct_no": number(rows["account_id"]),
        "persona": code(rows["role"], PERSONA), "dept": rows["department"],
        "created_ms": epoch(rows["created_at"], per_second=1000),
        "disabled_ms": epoch(rows["deactivated_at"], per_second=1000),
        "bounced_ms": epoch(rows["bounced_at"], per_second=1000),
    })  # fmt: skip


def _events(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "event_key": rows["event_id"], "acct_no": number(rows["account_id"]), "user_uuid": person(rows["user_id"]),
        "happened_ts": rows["occurred_at"].dt.tz_localize("UTC"), "feature_path": path(rows["module"], rows["feature"]),
        "via": code(rows["channel"], {"ui": 0, "api": 1}), "hits": rows["count"],
        "ingested_ts": rows["known_at"].dt.tz_localize("UTC"),
    })  # fmt: skip


def _plans(rows: pd.DataFrame) -> pd.DataFrame:
    until = rows["ends_on"].dt.strftime("%Y-%m-%d").fillna("")
    return pd.DataFrame({
        "acct_no": number(rows["account_id"]), "feature_path": path(rows["module"], rows["feature"]),
        "is_core": flag(rows["level"] == "core"), "valid": "[" + rows["starts_on"].dt.strftime("%Y-%m-%d") + "," + until + ")",
    })  # fmt: skip


def _tickets(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "ticket_no": number(rows["ticket_id"]), "org": number(rows["account_id"]) + 40_000,
        "requester": person(rows["user_id"]), "opened_local": helpdesk_time(rows["opened_at"]),
        "first_reply_s": epoch(rows["first_response_at"]) - epoch(rows["opened_at"]),
        "solved_local": helpdesk_time(rows["closed_at"]), "prio": code(rows["priority"], PRIO),
        "escalated_local": helpdesk_time(rows["escalated_at"]), "category": rows["topic"],
        "synced_local": helpdesk_time(rows["known_at"]),
    })  # fmt: skip


def _comments(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "comment_no": number(rows["message_id"]), "ticket_no": number(rows["ticket_id"]),
        "written_local": helpdesk_time(rows["sent_at"]), "by_staff": flag(rows["author"] == "agent"),
        "body": rows["text"], "mood": rows["sentiment"],
    })  # fmt: skip


def _surveys(rows: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "answer_no": number(rows["response_id"]), "acct_no": number(rows["account_id"]),
        "respondent": person(rows["user_id"]), "form": code(rows["kind"], FORM), "points": rows["score"].astype("Int64"),
        "out_of": rows["scale_max"].astype("Int64"), "submitted_ts": zoned(rows["answered_at"]),
        "remark": rows["comment"], "loaded_ts": zoned(rows["known_at"]),
    })  # fmt: skip


def main() -> None:
    """Read the arguments, simulate, load."""
    words = argparse.ArgumentParser(description="Fill the made-up warehouse of this example.")
    words.add_argument("--seed", type=int, default=7)
    words.add_argument("--accounts", type=int, default=500)
    words.add_argument("--until", type=date.fromisoformat, default=date(2026, 6, 1), help="a Monday")
    given = words.parse_args()
    if "CHURN_SOURCES_URL" not in os.environ:
        words.error("set CHURN_SOURCES_URL to postgres://USER:…@HOST:PORT/DATABASE")
    # This billing system keeps one row a contract: nothing is entered late and dated back.
    world = World(seed=given.seed, accounts=given.accounts, data_until=given.until, backdated_share=0.0)
    company = simulate(world)
    tables = warehouse_tables(company.tables)
    try:
        fill(os.environ["CHURN_SOURCES_URL"], tables)
    except psycopg.errors.DuplicateSchema:
        words.error(f"the schema {SCHEMA} is there already: DROP SCHEMA {SCHEMA} CASCADE, if it is this example's")
    sys.stdout.write("".join(f"{SCHEMA}.{name}: {len(frame):,} rows\n" for name, frame in tables.items()))


if __name__ == "__main__":
    main()
