"""A book of twelve accounts whose every figure can be worked out by hand, as known before 1 July 2026.

| | a year ago | now | what happened |
|---|---|---|---|
| a | 13,000.00 | 10,000.00 | j merged into it, and its 3,000 ended |
| b | 20,000.00 | 25,000.00 | renewed for more |
| c | 30,000.00 | 24,000.00 | renewed for less |
| d | 40,000.00 | 0 | left on 15 June, decided in March |
| e | 8,000.50 | 8,000.50 | lapsed for 20 days |
| f | 0 | 6,000.00 | won back 180 days after it left |
| g | 0 | 7,500.00 | back after 320 days: a new logo |
| h | 0 | 100,000.00 | new in May |
| i | 15,000.00 | 20,000.25 | bought a second product |
| k | 12,000.00 | 0 | did not pay, and stopped in February, before its term was over |
| l | 0 | 60,000.00 | new in October, nobody looks after it |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from data_contracts.contract import source_contracts
from data_contracts.known import DTYPES
from policy.policy import Policy, load_policy
from serving.workbench.kpis.ledger import Ledger, ledger_of
from serving.workbench.kpis.moment import Known, known

DAY = pd.Timestamp("2026-07-01")
LOSS = ("voluntary", "non_payment", "acquired")
OWNERS = {**dict.fromkeys("abfgh", "ann"), **dict.fromkeys("cdeijk", "bob")}
CREATED = {"h": "2026-05-01", "l": "2025-09-01"}


def term(account: str, starts: str, ends: str, arr: float, **more: Any) -> dict[str, Any]:
    return {"account_id": account, "starts_on": starts, "ends_on": ends, "arr": arr, **more}


def left(kind: str, decided: str, effective: str) -> dict[str, str]:
    return {"decision_kind": kind, "decision_at": decided, "effective_on": effective}


TERMS = [
    term("a", "2024-01-01", "2027-01-01", 10_000, seats=10),
    term("b", "2025-01-01", "2026-01-01", 20_000, seats=15),
    term("b", "2026-01-01", "2027-01-01", 25_000, seats=20),
    term("c", "2025-03-01", "2026-03-01", 30_000, **left("contraction", "2026-02-01", "2026-03-01")),
    term("c", "2026-03-01", "2027-03-01", 24_000),
    term("d", "2024-06-15", "2026-06-15", 40_000, **left("voluntary", "2026-03-15", "2026-06-15")),
    term("e", "2025-01-10", "2026-01-10", 8_000.50),
    term("e", "2026-01-30", "2027-01-30", 8_000.50),
    term("f", "2024-02-01", "2025-02-01", 5_000, **left("voluntary", "2025-01-01", "2025-02-01")),
    term("f", "2025-07-31", "2026-07-31", 6_000),
    term("g", "2024-01-15", "2025-01-15", 7_000, **left("voluntary", "2024-12-01", "2025-01-15")),
    term("g", "2025-12-01", "2026-12-01", 7_500),
    term("h", "2026-05-10", "2027-05-10", 100_000),
    term("i", "2025-02-01", "2027-02-01", 15_000, product="crm"),
    term("i", "2025-09-01", "2027-02-01", 5_000.25, product="addon"),
    term("j", "2024-05-01", "2026-01-01", 3_000, **left("acquired", "2025-11-01", "2026-01-01")),
    term("k", "2025-05-01", "2026-05-01", 12_000, **left("non_payment", "2025-12-01", "2026-02-01")),
    term("l", "2025-10-01", "2026-10-01", 60_000),
]
NPS = [
    ("a", "u1", 9, "2025-08-01"),
    ("a", "u1", 6, "2026-05-01"),
    ("b", "u2", 10, "2026-01-01"),
    ("c", "u3", 8, "2026-01-01"),
    ("c", "u4", 5, "2026-01-01"),
    ("i", "u5", 9, "2026-01-01"),
    ("l", None, 9, "2026-01-01"),
    ("l", None, 10, "2026-01-02"),
    ("b", "u2", 0, "2025-06-30"),  # more than a year ago
    ("b", "u2", 0, "2026-07-01"),  # not before the day
]
OTHER_ANSWERS = [("csat", 4, None), ("csat", 8, 10), ("csat", 5, 5), ("ces", 7, 7), ("ces", 3, None)]
TICKETS = [
    ("a", "2026-03-01 10:00", "2026-03-01 11:00"),
    ("a", "2026-05-04 10:00", "2026-05-04 12:00"),  # 2 hours
    ("a", "2026-05-08 16:00", "2026-05-11 10:00"),  # Friday to Monday: 2 working hours
    ("b", "2026-05-12 09:00", "2026-05-12 13:00"),  # 4
    ("d", "2026-06-01 09:00", "2026-06-01 17:00"),  # 8, of a customer that has left since
]
TOUCHES = [
    ("a", "email", "2026-03-01", None),
    ("a", "qbr", "2026-06-03 10:00", "2026-05-20"),  # the last day in time
    ("b", "qbr", "2026-06-04 10:00", "2026-05-20"),  # a day too late
]
REACHED = [
    *(("h", f"action {n}", "key_action", f"2026-05-{10 + n} 12:00") for n in range(4)),
    ("h", "action 4", "key_action", "2026-06-09 23:00"),  # day 30
    *(("l", f"action {n}", "key_action", f"2025-10-{10 + n} 12:00") for n in range(4)),
    ("l", "action 4", "key_action", "2025-11-01 00:00"),  # day 31
    ("h", "first value", "first_value", "2026-05-31 09:00"),  # 21 days from the contract, 30 from sign-up
]
USE = [
    ("a", 40, 1.5, 4, 5, 0.5, 0.6, 1.0),
    ("b", 20, 0.5, 1, 4, 0.0, 0.2, 0.5),
    ("c", 0, 0.0, 0, 0, None, None, None),
]


def table(name: str, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Rows in the types of the contract, as `known_tables` gives them."""
    columns = source_contracts()[name].columns
    return pd.DataFrame({c.name: pd.Series([row.get(c.name) for row in rows], dtype=DTYPES[c.type]) for c in columns})


def subscriptions(rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    return table("subscriptions", [{"subscription_id": f"s{n}", "product": "crm", **row} for n, row in enumerate(rows)])


def accounts(names: Sequence[str], **merged: str) -> pd.DataFrame:
    return table(
        "accounts",
        [
            {
                "account_id": name,
                "name": name.upper(),
                "owner_id": OWNERS.get(name),
                "created_on": CREATED.get(name, "2024-01-01"),
                "merged_into": merged.get(name),
            }
            for name in names
        ],
    )


def ledger(
    rows: Sequence[Mapping[str, Any]], day: pd.Timestamp = DAY, *, lapse_days: int = 30, **merged: str
) -> Ledger:
    """The ledger of some terms; `merged` names accounts that were merged."""
    names = sorted({str(row["account_id"]) for row in rows} | set(merged.values()))
    return ledger_of(subscriptions(rows), accounts(names, **merged), day, loss_kinds=LOSS, lapse_days=lapse_days)


def tables() -> dict[str, pd.DataFrame]:
    answers = [
        {"kind": "nps", "account_id": a, "user_id": u, "score": s, "answered_at": at, "response_id": f"n{n}"}
        for n, (a, u, s, at) in enumerate(NPS)
    ]
    answers += [
        {
            "kind": kind,
            "account_id": "a",
            "score": s,
            "scale_max": top,
            "answered_at": "2026-02-01",
            "response_id": f"o{n}",
        }
        for n, (kind, s, top) in enumerate(OTHER_ANSWERS)
    ]
    tickets = [
        {"ticket_id": f"t{n}", "account_id": a, "opened_at": opened, "first_response_at": answered}
        for n, (a, opened, answered) in enumerate(TICKETS)
    ]
    touches = [
        {"touch_id": f"c{n}", "account_id": a, "kind": kind, "direction": "ours", "occurred_at": at, "due_on": due}
        for n, (a, kind, at, due) in enumerate(TOUCHES)
    ]
    steps = [{"account_id": a, "milestone": name, "kind": kind, "reached_at": at} for a, name, kind, at in REACHED]
    return {
        "accounts": accounts("abcdefghijkl", j="a"),
        "survey_responses": table("survey_responses", answers),
        "support_tickets": table("support_tickets", tickets),
        "touchpoints": table("touchpoints", touches),
        "milestones": table("milestones", steps),
    }


def usage() -> pd.DataFrame:
    from serving.workbench.kpis.usage import INDICATORS

    found = pd.DataFrame(USE, columns=["account_id", *INDICATORS])
    return found.assign(as_of=pd.Timestamp("2026-06-29")).astype({"account_id": "string"})


def twelve(policy: Policy | None = None, **changed: pd.DataFrame | None) -> Known:
    """The book; `changed` replaces tables or, where null, takes them away."""
    rules = policy or load_policy()
    given = {name: frame for name, frame in (tables() | changed).items() if frame is not None}
    found = ledger_of(
        subscriptions(TERMS),
        given["accounts"],
        DAY,
        loss_kinds=rules.label.loss_kinds,
        lapse_days=rules.label.lapse_days,
    )
    return known(found, given, rules, usage=usage())
