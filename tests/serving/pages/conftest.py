"""A small book with every kind of account that a page must survive."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from serving.workbench.pages import AccountView, Book, Driver, Evidence, Fact, Signal, Task, Week, write_site
from serving.workbench.pages.standing_view import ContactLine, PlanLine, RenewalLine, Standing, StepLine
from tests.serving.pages.views import views

AS_OF = date(2025, 1, 6)
PUBLISHED = datetime(2025, 1, 6, 7, 0, tzinfo=UTC)


def weeks(*days: int | None) -> list[Week]:
    first = AS_OF - timedelta(weeks=len(days))
    return [Week(first + timedelta(weeks=n), value) for n, value in enumerate(days)]


FALLING = (
    *(402, 411, 398, 420, 431, 415, 409, 428, 436, 430, 419, None, None),
    *(405, 399, 401, 388, 372, 361, 340, 322, 301, 288, 270, 262, 251),
)

SIGNALS = [
    Signal(
        "Logins down",
        "warning",
        "open",
        date(2024, 12, 2),
        False,
        [Evidence("daily logins in four weeks fell to 28, from 44.3 on average", "44.3", "28")],
        "adoption rescue",
        "call the champion",
    ),
    Signal(
        "Failed payment or dispute",
        "warning",
        "open",
        AS_OF,
        True,
        [Evidence("Payments failed: 1.", None, "1")],
        None,
        None,
    ),
    Signal("Core modules used less", "warning", "suppressed", AS_OF, False, [Evidence("Fewer.", "8", "4")], None, None),
    Signal(
        "They grow or promote us",
        "expansion",
        "clearing",
        date(2024, 11, 4),
        False,
        [Evidence("Departments: 4.", None, "4")],
        "expansion talk",
        None,
    ),
]
NORTHWIND = AccountView(
    account_id="acc_00012",
    name="Northwind Logistics",
    segment="Mid-market",
    industry="Logistics",
    region="Europe",
    owner="Dana Ortiz",
    arr=128_400.0,
    seats=120,
    term_ends_on=date(2025, 2, 18),
    tenure_days=1158,
    health_score=47.8,
    health_before=68.2,
    health_tier="red",
    coverage=0.85,
    components={"usage": 38.4, "engagement": 55.0, "sentiment": None, "commercial": 62.1},
    probability=0.4137,
    probability_before=0.182,
    base_probability=0.084,
    risk_tier="high",
    low_evidence=False,
    reasons=[
        "Logins are down 39 % on the previous 12 weeks, from 410 to 251 user-days a week",
        "The executive sponsor, who opened the tool every week, has not been seen since 2 December",
        "The term ends in 43 days and no renewal talk is on record",
    ],
    drivers=[
        Driver("usage", 17.3, "logins are down 39 % on the previous 12 weeks"),
        Driver("people", 9.1, "the executive sponsor has been silent for 35 days"),
        Driver("renewal date", 6.9, "the term ends in 43 days"),
        Driver("support", 2.6, "two urgent tickets in 14 days"),
        Driver("engagement", -2.1, "three of four meetings were attended"),
        Driver("commercial", -1.3, "all invoices are paid"),
        Driver("onboarding", 0.3, None),
        Driver("surveys", 0.17, None),
    ],
    facts=[
        Fact("user-days a week", "410", "251", date(2024, 12, 9), True),
        Fact("core modules in use", "6 of 7", "4 of 7", date(2024, 12, 9), True),
        Fact("executive sponsor last seen", "2 days ago", "35 days ago", date(2024, 12, 9), True),
        Fact("urgent tickets in 14 days", "0", "2", date(2024, 12, 23), True),
        Fact("meetings attended", "1 of 2", "3 of 4", date(2024, 10, 14), False),
    ],
    weeks=weeks(*FALLING),
    tasks=[
        Task(
            "Write to the executive sponsor",
            datetime(2025, 1, 8, 7, 0, tzinfo=UTC),
            "Dana Ortiz",
            "outreach",
            "Hello Maria,\n\nwe noticed that your team logged in on 251 user-days last week, against 410 before "
            "9 December.\nCould we spend 20 minutes on what changed?\n\nDana",
        ),
        Task("Assess why usage fell", datetime(2025, 1, 7, 7, 0, tzinfo=UTC), "Dana Ortiz", "assess", ""),
    ],
    play="usage recovery",
    play_steps=[
        "Ask the champion which teams stopped and why",
        "Offer a 30-minute session on the two modules no longer in use",
        "Agree one goal for the renewal on 18 February",
        "Check in every week until the score is green for two weeks",
    ],
)

NOTHING = AccountView(
    account_id="?",
    name="",
    segment="",
    industry="",
    region="",
    owner=None,
    arr=0.0,
    seats=None,
    term_ends_on=None,
    tenure_days=0,
    health_score=None,
    health_before=None,
    health_tier="unrated",
    coverage=0.0,
    components={},
    probability=None,
    probability_before=None,
    base_probability=None,
    risk_tier=None,
    low_evidence=True,
    reasons=[],
    drivers=[],
    facts=[],
    weeks=[],
    tasks=[],
    play=None,
    play_steps=[],
)

EVIL = '<script>alert(1)</script><img src=x onerror="alert(2)">'


CONTACTS = (
    ContactLine("check_in", date(2024, 11, 1), date(2024, 12, 1), 36),
    ContactLine("nps", None, date(2025, 3, 1), 0),
)


def standing(text: str = "Write to the executive sponsor") -> Standing:
    """Something of everything that may stand for an account."""
    step = StepLine(text, text, "CSM", datetime(2025, 1, 2, 17, tzinfo=ZoneInfo("Europe/Berlin")), 3, text, text=text)
    ahead = replace(step, due_at=PUBLISHED, late_days=None, passed_to="", draft=text)
    later = replace(step, late_days=None, put_off_until=AS_OF, put_off_why=text, no_draft=text)
    return Standing(
        (step, ahead, later),
        RenewalLine(date(2025, 2, 18), 43, 60, 128_400.0, None, None, 0.24, True),
        PlanLine("custom", ("goals",), ("owners",), None, date(2024, 12, 1), 36),
        tuple((date(2024, 12, n), text) for n in (9, 8, 7, 6)),
        (text,),
    )


def evil_signals() -> list[Signal]:
    return [
        Signal(EVIL, "warning", "open", AS_OF, True, [Evidence(EVIL, EVIL, EVIL)], EVIL, EVIL),
        Signal(EVIL, "expansion", "open", AS_OF, True, [Evidence(EVIL, EVIL, EVIL)], EVIL, EVIL),
    ]


def accounts() -> list[AccountView]:
    calm = replace(
        NORTHWIND,
        health_score=81.6,
        health_before=80.1,
        health_tier="green",
        probability=0.021,
        probability_before=0.0224,
        risk_tier="low",
        reasons=["Usage is steady and all invoices are paid"],
        drivers=[Driver("usage", -4.4, "logins are steady"), Driver("commercial", -1.9, "all invoices are paid")],
        facts=[],
        tasks=[],
        play=None,
        play_steps=[],
        weeks=weeks(*[200 + 7 * (n % 4) for n in range(26)]),
    )
    middle = replace(
        NORTHWIND,
        health_score=74.99,
        health_before=None,
        health_tier="yellow",
        probability=0.17,
        probability_before=None,
        risk_tier="medium",
        drivers=[Driver("usage", 6.0, "logins are down 12 %"), Driver("people", 2.6, None)],
        components={"usage": 70.0, "engagement": 80.0, "sentiment": 74.0, "commercial": 81.0},
        coverage=1.0,
        weeks=weeks(*[None] * 9, 0, None, *range(3, 18)),
    )
    return [
        replace(NORTHWIND, signals=SIGNALS, standing=standing(), contacts=CONTACTS, tasks=[]),
        replace(calm, account_id="acc_00002", name="Blauwal Versicherung AG", owner="Priya Nair", segment="Enterprise"),
        replace(middle, account_id="acc_00003", name="Crème Brûlée & Söhne", arr=96_000.0),
        replace(calm, account_id="acc_00004", name='The "Quoted" O\'Neill Company', arr=12_400.0, segment="SMB"),
        replace(
            middle,
            account_id="a/b\\c:../..",
            name=EVIL,
            owner=EVIL,
            segment=EVIL,
            reasons=[EVIL],
            play=EVIL,
            signals=evil_signals(),
            standing=standing(EVIL),
        ),
        replace(calm, account_id="🙂🚀", name="🚀 Rocket 🙂 Labs", owner="Priya Nair", segment="SMB", arr=8_800.0),
        replace(
            middle,
            account_id="acc_long",
            name="Very" + "long" * 40 + " Company Name With Many Words " * 3,
            arr=61_000.0,
        ),
        replace(NOTHING, account_id="acc_nothing", name="Nothing Known Ltd", arr=24_000.0, segment="SMB", signals=[]),
        NOTHING,
        replace(
            calm,
            account_id="ACC_00012",
            name="Same Id In Capitals",
            low_evidence=True,
            risk_tier="high",
            probability=0.09,
        ),
        replace(middle, account_id="con", name="Zero Seats GmbH", seats=0, arr=0.0, term_ends_on=date(2024, 12, 30)),
        replace(
            NORTHWIND,
            account_id="rtl",
            name="\u202eevitcA gnihtyreve",
            owner="Priya Nair",
            arr=2_480_000.0,
            region="APAC",
        ),
    ]


@pytest.fixture(scope="session")
def northwind() -> AccountView:
    return NORTHWIND


@pytest.fixture(scope="session")
def nothing() -> AccountView:
    return NOTHING


@pytest.fixture(scope="session")
def evil() -> str:
    return EVIL


@pytest.fixture(scope="session")
def book() -> Book:
    return Book(
        title="Customer book",
        as_of=AS_OF,
        published_at=PUBLISHED,
        expires_on=date(2025, 1, 13),
        horizon_days=90,
        currency="USD",
        scorer="usage, people, support and the renewal date of 412 past accounts",
        weights={"usage": 40, "engagement": 25, "sentiment": 20, "commercial": 15},
        accounts=accounts(),
        unavailable=["survey_responses", "touchpoints"],
        known_losses=[("Fabrikam Retail", "gave notice on 12 December, leaves on 28 February 2025")],
        model_note="Of ten accounts marked high in the last half year, about four left within 90 days",
    )


@pytest.fixture(scope="session")
def site(book: Book, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the written sample book, every page filled."""
    return write_site(book, tmp_path_factory.mktemp("pages") / "site", views(EVIL)).parent
