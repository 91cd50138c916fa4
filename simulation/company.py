"""From a world to a company: draw the book, then let every table tell its part of it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from simulation.accounts import account_ids, account_table
from simulation.actions import NOBODY, Actions
from simulation.book import draw_book
from simulation.days import day_number
from simulation.dirt import dirtied
from simulation.entitlements import entitlement_table, module_starts
from simulation.feedback import feedback_table
from simulation.invoices import invoice_table
from simulation.milestones import milestone_table
from simulation.opportunities import opportunity_table
from simulation.people import draw_people, user_table
from simulation.revenue import draw_revenue
from simulation.subscriptions import subscription_table
from simulation.support import draw_tickets, message_table
from simulation.surveys import survey_table
from simulation.touchpoints import touchpoint_table
from simulation.truth import DRAWS, truth_table
from simulation.usage import usage_table
from simulation.world import World

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Company:
    """A simulated company: the 13 source tables as their systems would export them, and apart from them the truth."""

    tables: dict[str, pd.DataFrame]
    """By name, with the columns of interface.md; usage, tickets, surveys and invoices also carry `known_at`."""
    truth: pd.DataFrame
    """account_id, as_of (Mondays), the hazards, top_cause, treatment_effect; see `simulation.truth.truth_table`."""
    homes: pd.Series
    """account_id → `Book.home`, by which actions name an account."""


def simulate(
    world: World, *, truth_on: Sequence[date] | None = None, courses: int = DRAWS, actions: Actions = NOBODY
) -> Company:
    """The company of `world`: equal worlds give equal companies, value by value.

    The truth is told for every Monday, or for the days of `truth_on`, as the mean over so many `courses`; it is the risk
    of accounts that nobody acts on. `actions` are what was done about some: accounts keep their ids up to the first.
    """
    days = None if truth_on is None else [day_number(day) for day in truth_on]
    book = draw_book(world, actions)
    ids = account_ids(book)
    revenue = draw_revenue(world, book)
    people = draw_people(world, book, revenue)
    starts = module_starts(world, book)
    tickets, ticket_table = draw_tickets(world, book, people, revenue, ids)
    tables = {
        "accounts": account_table(world, book, revenue),
        "subscriptions": subscription_table(world, book, revenue, ids),
        "users": user_table(world, book, people, ids),
        "entitlements": entitlement_table(world, book, starts, ids),
        "usage_events": usage_table(world, book, people, starts, ids),
        "support_tickets": ticket_table,
        "ticket_messages": message_table(world, tickets),
        "survey_responses": survey_table(world, book, people, tickets, ids),
        "invoices": invoice_table(world, book, revenue, ids),
        "touchpoints": touchpoint_table(world, book, people, revenue, ids),
        "milestones": milestone_table(world, book, ids),
        "opportunities": opportunity_table(world, book, revenue, ids),
        "crm_feedback": feedback_table(world, book, ids),
    }
    truth = truth_table(world, book, revenue, ids, days, courses)
    company = Company(tables=dirtied(world, tables), truth=truth, homes=pd.Series(book.home, index=ids))
    logger.info("simulated %d accounts, %d events", book.size, len(company.tables["usage_events"]))
    return company
