"""Records for the portfolio, the journey, expansion and reviews, with markup in whatever comes from customers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from serving.workbench.pages.expansion_view import ChanceLine, ExpansionView
from serving.workbench.pages.journey_view import (
    AdvocateLine,
    AskLine,
    BoardLine,
    JourneyView,
    OwedCount,
    OwedLine,
    RateLine,
    WishLine,
)
from serving.workbench.pages.portfolio_view import (
    Cohort,
    Curve,
    Figure,
    Goal,
    Load,
    Loss,
    Month,
    Mover,
    PortfolioView,
    Rate,
    Slice,
)
from serving.workbench.pages.qbr_view import QbrView, ReviewLine
from serving.workbench.pages.stake_view import Leaver, RenewalAhead, Stake

GRR = Figure(
    id="M1",
    title="Gross revenue retention",
    value=0.874,
    unit="share",
    n=412,
    before=0.881,
    target=0.9,
    met=False,
    leads=True,
    formula="Σ min(ARR now, ARR a year before) ÷ Σ ARR a year before",
    reason="",
)
NOT_DEFINED = replace(
    GRR, id="M4", title="Time to churn, median", value=None, unit="months", before=None, target=None, met=None, leads=False,
    reason="fewer than half of them had it by now",
)  # fmt: skip


def months() -> tuple[Month, ...]:
    found, start = [], 9_000_000.0
    for number in range(1, 13):
        end = start - 60_000 - 12_000 + 95_000 + 41_000 * (number % 3) + (9_000 if number == 5 else 0)
        month = date(2024, number, 1)
        won = 9_000.0 if number == 5 else 0.0
        found.append(Month(month, start, 60_000, 12_000, 95_000, 41_000.0 * (number % 3), won, end, number < 12))
        start = end
    return tuple(found)


def stake(evil: str) -> Stake:
    ahead = RenewalAhead("acc_00012", evil, "Dana Ortiz", 128_400.0, date(2025, 2, 18), 60, "red", "high", True, True)
    calm = replace(ahead, account_id="acc_00002", arr=96_000.0, health="green", risk="low", needs_approval=False)
    return Stake(
        at_risk=309_000.0,
        scored=812,
        horizon_days=90,
        days=90,
        ahead=(ahead, calm, replace(calm, account_id="new", health=None, risk=None, page=False, owner=None)),
        signed=(5, 210_000.0),
        leavers=(Leaver("gone", evil, None, 9_648.0, date(2024, 12, 26), date(2025, 1, 7), evil, None, False),),
    )


def portfolio_view(evil: str) -> PortfolioView:
    return PortfolioView(
        as_of=date(2025, 1, 6),
        leading=(GRR, replace(GRR, id="M2", title="Net revenue retention", value=1.12, target=1.1, met=True), NOT_DEFINED),
        grr=GRR,
        movers=(
            Mover("acc_00012", evil, "Dana Ortiz", "churn", -0.41, 128_400.0, 0.0, True),
            Mover("gone", evil, None, "recovered", 0.11, 40_000.0, 40_000.0, False),
        ),
        movers_rest=(7, -0.09),
        lost=(Loss("acc_00012", evil, "Dana Ortiz", True, 128_400.0, 0.0, -3.1, True), Loss("gone", evil, None, False, 9e4, 5e4, -1, False)),
        lost_rest=(12, 300_000.0, -8.5),
        slices=(
            ("segment", (Slice("mid_market", 0.88, 4_000_000.0, 480_000.0), Slice("smb", None, 0.0, 0.0))),
            ("CSM", (Slice(evil, 0.91, 2_000_000.0, 180_000.0),)),
        ),
        rates=(Rate(date(2024, 10, 1), None, None), Rate(date(2024, 11, 1), 0.89, 1.09), Rate(date(2024, 12, 1), 0.874, 1.12)),
        months=months(),
        groups=(("Retention", (GRR, NOT_DEFINED)), ("Satisfaction", (replace(GRR, title="NPS", unit="points", value=31.0),))),
        cohorts=(
            Cohort("2023 Q1", 40, (1.0, 0.95, 0.9, 0.82)),
            Cohort("2023 Q2", 38, (1.0, 0.97, 0.71, None)),
            Cohort("2024 Q4", 12, (1.0, None, None, None)),
        ),
        curve=Curve(727, 227, None, ((90, 0.98, 0.97, 0.99), (365, 0.86, 0.83, 0.89), (730, 0.71, 0.66, 0.75))),
        loads=(
            Load("Dana Ortiz", "csm", 61, 3_100_000.0, 1.3, "over", 34.5, 30.0, 12.0),
            Load(evil, "csm", 2, 40_000.0, None, None, 0.5, None, 0.0),
            Load("Priya Nair", "csm", 20, 900_000.0, 0.4, "under", 10.0, 30.0, 36.0),
            Load(None, "", 14, 304_800.0, None, None, 1.0, None, 0.0),
        ),
        stake=stake(evil),
        goal=Goal(0.15, 0.10, date(2024, 1, 6), date(2025, 1, 6), 0.126, 0.10, False, "No causal claim without a control group"),
    )  # fmt: skip


def journey_view(evil: str) -> JourneyView:
    line = BoardLine(
        "acc_00003", "Crème Brûlée & Söhne", "Dana Ortiz", 34, "stuck", ("kickoff", evil), 2, 5, False, None, 0.6,
        ("owner", "sales_handoff"), "clear blockers", date(2025, 1, 8),
    )  # fmt: skip
    return JourneyView(
        board=(
            line,
            replace(line, account_id="a/b\\c:../..", name=evil, status=None, activated=None, missed=(), lacking=()),
            replace(line, status="on track", activated=True, first_value_on=date(2024, 12, 20), next_step=None, next_on=None),
        ),
        board_more=4,
        statuses={"stuck": 1, "on track": 5, None: 1},
        counts=(OwedCount("check_in", 214, 31, 12), OwedCount("review", 61, 4, 0)),
        owed=(
            OwedLine("acc_00002", "Blauwal Versicherung AG", "Priya Nair", "check_in", date(2024, 12, 8), date(2025, 1, 7), 0),
        ),
        owed_more=102,
        never=(OwedLine("acc_00012", evil, None, "executive_review", None, date(2020, 11, 1), 1520, 128_400.0),),
        never_more=3,
        asks=(AskLine("acc_00012", evil, "csat", evil, 3, date(2025, 1, 3)),),
        asks_more=0,
        rates=(RateLine("nps", 412, 109, 0.2646), RateLine("csat", 0, 0, None)),
        wishes=(WishLine(evil, 14, 1_240_000.0, 96_000.0, 19, 11, 5),),
        wishes_more=2,
        routed_to="product",
        advocates=(AdvocateLine("acc_00002", evil, "Priya Nair", date(2024, 5, 6), 10.0, 2, 1, ("advisory_board",)),),
        advocates_more=1,
    )  # fmt: skip


def expansion_view(evil: str) -> ExpansionView:
    ready = ChanceLine(
        "acc_00002", evil, "Priya Nair", 96_000.0, date(2024, 12, 2), (evil,), ("upsell", "multi_year"), ()
    )
    waiting = replace(
        ready,
        beside=(evil,),
        account_id="acc_00012",
        arr=None,
        owner=None,
        tactics=(),
        shut_by=("health is red, not green",),
    )
    return ExpansionView((ready,), 3, 500_000.0, (waiting,), 12, (0.10, 0.20))


def qbr_view(evil: str) -> QbrView:
    line = ReviewLine("acc_00012", evil, None, 128_400.0, 91, None, date(2024, 12, 1), 36, True, None)
    return QbrView(
        owed=64,
        quarterly=40,
        overdue=9,
        lines=(replace(line, account_id="acc_00002", last_on=date(2024, 11, 4), brief="accounts.html"),),
        lines_more=52,
        never=(line,),
        never_more=10,
        completion=0.62,
        due=58,
        on_time_days=14,
        minutes=(("recap", 5, 5), ("business_review", 15, 10)),
    )
