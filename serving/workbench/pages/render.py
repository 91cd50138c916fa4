"""From view records to HTML text. Every value is escaped; the templates hold no raw output at all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from importlib import resources
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from serving.workbench.pages import charts, words
from serving.workbench.pages.filenames import page_name
from serving.workbench.pages.navigation import NAVIGATION, Entry
from serving.workbench.pages.ranking import Place, arr_at_risk
from serving.workbench.pages.view import AccountView, Book, Signal, Task

ASSETS = ("style.css", "workbench.css", "book.js")
GENERATOR = "churn pages"
"""Written into every page; a folder is replaced only where its index.html carries it."""


def asset(name: str) -> str:
    """The text of a style sheet or script of this package."""
    return resources.files(__package__).joinpath("assets", name).read_text(encoding="utf-8")


class Pages:
    """Renders the pages of one book."""

    def __init__(self, book: Book) -> None:
        self.book = book
        environment = Environment(
            loader=PackageLoader(__package__),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters |= {
            "about": partial(words.about, currency=book.currency),
            "capital": words.capital,
            "day": words.day,
            "duration": words.duration,
            "metric": partial(words.metric, currency=book.currency),
            "moment": words.moment,
            "month": words.month,
            "money": partial(words.money, currency=book.currency),
            "percent": words.percent,
            "score": words.score,
            "sentence": words.sentence,
            "spaced": words.spaced,
        }
        environment.globals |= {
            "anchor": anchor,
            "book": book,
            "generator": GENERATOR,
            "NA": words.NOT_AVAILABLE,
            "NO_OWNER": words.NO_OWNER,
            "at_risk": arr_at_risk,
            "book_of": book_of,
            "change": words.change,
            "counted": counted,
            "symbol": words.symbol(book.currency),
            "known": words.known,
            "navigation": NAVIGATION,
            "label": label,
            "page_name": page_name,
            "percent_value": percent_value,
            "points": words.points,
            "renewal": words.renewal,
            "span": words.span,
            "floor": floor,
        }
        self._template = environment.get_template

    def page(self, entry: Entry, view: object | None) -> str:
        """A page of the navigation from its record; without one it says which command computes it."""
        name = "missing" if view is None else entry.name
        return self._template(f"{name}.html.j2").render(entry=entry, view=view)

    def accounts(self, accounts: list[AccountView]) -> str:
        """The page of the whole book; `accounts` are already ranked."""
        owners = sorted({account.owner or words.NO_OWNER for account in accounts}, key=str.casefold)
        segments = sorted({account.segment or words.NOT_AVAILABLE for account in accounts}, key=str.casefold)
        return self._template("accounts.html.j2").render(
            accounts=accounts,
            owners=owners,
            owner_number={owner: number for number, owner in enumerate(owners)},
            segment_options=[(number, words.spaced(segment)) for number, segment in enumerate(segments)],
            segment_number={segment: number for number, segment in enumerate(segments)},
            arr=sum(words.known(account.arr) or 0.0 for account in accounts),
            arr_at_risk=sum(arr_at_risk(account) or 0.0 for account in accounts),
            scored=sum(words.known(account.probability) is not None for account in accounts),
            risks=tally([account.risk_tier for account in accounts]),
            tiers=tally([account.health_tier for account in accounts]),
        )

    def account(self, account: AccountView, place: Place) -> str:
        """The page of one account."""
        parts, weights = account.components, account.weights or self.book.weights
        probability = words.known(account.probability)
        return self._template("account.html.j2").render(
            account=account,
            place=place,
            bars=charts.driver_bars(account),
            trend=charts.usage_trend(account.weeks),
            tasks=sorted(account.tasks, key=due),
            components=[(part, weights.get(part), parts.get(part)) for part in {**weights, **parts}],
            places=None if probability is None else words.decimals(probability),
        )


def label(account: AccountView) -> str:
    """The name; the id where there is none, so that every link has a text."""
    return account.name.strip() or account.account_id


def counted(signals: Sequence[Signal], noun: str) -> str:
    """How many there are, and how many of them are new."""
    new = sum(signal.is_new for signal in signals)
    return f"{len(signals)} {noun}{'' if len(signals) == 1 else 's'}{f', {new} new' if new else ''}"


def due(task: Task) -> datetime:
    """When the task is due; without a time zone it is UTC, wherever this runs."""
    return task.due_at if task.due_at.tzinfo else task.due_at.replace(tzinfo=UTC)


def percent_value(probability: float | None, places: int | None) -> float | None:
    """The number that `percent` shows, for differences that agree with what the reader sees."""
    value = words.known(probability)
    return None if value is None or places is None else words.rounded(value * 100 * 10**places) / 10**places


def floor(value: float | None) -> float | None:
    """The number that `score` shows."""
    known = words.known(value)
    return None if known is None else float(known // 1)


def anchor(owner: str) -> str:
    """The place of an owner on a page, the same every week, so that it can be bookmarked."""
    return f"of-{page_name(owner).removesuffix('.html')}"


def book_of(owner: str | None) -> str:
    """The address of the book's page with the filter of this owner set."""
    return "accounts.html#" + urlencode({"owner": owner or words.NO_OWNER})


def tally(tiers: list[Any]) -> dict[Any, int]:
    """How many accounts have each tier."""
    return {tier: tiers.count(tier) for tier in dict.fromkeys(tiers)}
