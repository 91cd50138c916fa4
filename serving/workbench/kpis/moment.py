"""A moment: a day and what was known when it is looked at; every metric reads one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from policy.policy import Policy
from serving.workbench.kpis.definition import NotDefined
from serving.workbench.kpis.hours import waits
from serving.workbench.kpis.ledger import Ledger
from serving.workbench.kpis.merged import as_customers
from serving.workbench.kpis.movements import movements
from serving.workbench.kpis.slices import Slices, slices_at
from serving.workbench.kpis.successions import OWN, successions
from serving.workbench.kpis.usage import per_customer, usage_on


@dataclass(frozen=True)
class Known:
    """All that was known before the day the metrics are asked for.

    `tables`: source tables by name, account_id the customer's. `covered`: table → the customers it can speak about,
    where not everybody. `usage`: indicators by snapshot (`as_of`), one row a customer; null where there are none.
    """

    ledger: Ledger
    accounts: pd.DataFrame
    policy: Policy
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    covered: Mapping[str, frozenset[str]] = field(default_factory=dict)
    usage: pd.DataFrame | None = None

    @cached_property
    def waits(self) -> pd.Series:
        """Hours that each ticket waited for its first answer, by the row of its table (M14)."""
        business = self.policy.metrics.response_hours == "business"
        zones = {str(a): zone for a, zone in self.accounts[["account_id", "timezone"]].itertuples(index=False)}
        open_ = self.policy.tasks.business_hours if business else None
        return waits(self.tables["support_tickets"], zones, open_)

    @cached_property
    def went_on(self) -> pd.Series:
        """Term → cents of what it went on in that are its own; who did not go on is not in it (M17)."""
        found = successions(self.ledger.terms, self.policy.label.lapse_days)
        return found.groupby(OWN)["share"].sum()

    def at(self, day: pd.Timestamp) -> Moment:
        """The moment of a day, which is at most that of the ledger."""
        return Moment(self, day)


def known(
    ledger: Ledger,
    tables: Mapping[str, pd.DataFrame],
    policy: Policy,
    *,
    covered: Mapping[str, frozenset[str]] | None = None,
    usage: pd.DataFrame | None = None,
) -> Known:
    """`Known` of raw tables: merged accounts become their customers."""
    own = {name: as_customers(frame, ledger.merged) for name, frame in tables.items()}
    whom = {
        name: frozenset(ledger.merged.get(account, account) for account in accounts)
        for name, accounts in (covered or {}).items()
    }
    # A merged account's own row says nothing of who looks after the customer it became.
    accounts = tables["accounts"][~tables["accounts"]["account_id"].isin(list(ledger.merged))]
    return Known(ledger, accounts, policy, own, whom, None if usage is None else per_customer(usage, ledger.merged))


@dataclass(frozen=True)
class Moment:
    """One day of what is known: who paid then, what moved in the year and the month before, what was told until then."""

    known: Known
    day: pd.Timestamp

    @property
    def policy(self) -> Policy:
        """The rules."""
        return self.known.policy

    @property
    def ledger(self) -> Ledger:
        """The ledger, which may reach further than this day."""
        return self.known.ledger

    def before(self, months: int) -> pd.Timestamp:
        """The day so many calendar months earlier; the last of a month where that has no such day."""
        return self.day - pd.DateOffset(months=months)

    @cached_property
    def year_start(self) -> pd.Timestamp:
        """The day that annual figures look back to."""
        return self.before(self.policy.metrics.months)

    @cached_property
    def year(self) -> pd.DataFrame:
        """Movements of the months looked back on. Raises NotDefined where the subscriptions do not reach that far."""
        return self._moved(self.year_start, f"{self.policy.metrics.months} months")

    @cached_property
    def month(self) -> pd.DataFrame:
        """Movements of one month. Raises NotDefined likewise."""
        return self._moved(self.before(1), "a month")

    @cached_property
    def now(self) -> pd.Series:
        """Customer → cents of ARR this day."""
        return self.ledger.on(self.day)

    @cached_property
    def in_force(self) -> pd.DataFrame:
        """The terms in force this day."""
        terms = self.ledger.terms
        return terms[(terms["starts"] <= self.day) & (self.day < terms["over"])]

    @cached_property
    def seats(self) -> pd.Series:
        """Customer → paid seats this day; who buys none by seat is not in it."""
        return self.in_force.dropna(subset=["seats"]).groupby("account_id")["seats"].sum().astype("int64")

    @cached_property
    def usage(self) -> pd.DataFrame:
        """What is known of the use of the product. Raises NotDefined where nothing is."""
        return usage_on(self.known.usage, self.day, self.now.index, self.seats)

    def slices(self, *, then: bool) -> Slices:
        """The slices, by the ARR at the beginning of the year looked back on, or by that of the day."""
        return self._then if then else self._now

    def table(self, name: str) -> pd.DataFrame:
        """A source table. Raises NotDefined where the project does not deliver it."""
        if name not in self.known.tables:
            raise NotDefined(f"the project delivers no table {name}")
        return self.known.tables[name]

    def between(self, name: str, at: str, months: int) -> pd.DataFrame:
        """Rows of a table whose moment `at` lies in the months before this day. NotDefined where there are none."""
        rows = self.table(name)
        found = rows[(rows[at] >= self.before(months)) & (rows[at] < self.day)]
        if found.empty:
            raise NotDefined(f"{name} holds nothing of the {months} months before this day")
        return found

    def who(self, name: str) -> pd.Index:
        """The customers of this day that a table can speak about."""
        whom = self.known.covered.get(name)
        return self.now.index if whom is None else self.now.index[self.now.index.isin(list(whom))]

    def _moved(self, start: pd.Timestamp, wanted: str) -> pd.DataFrame:
        begins = self.ledger.begins
        if begins is None or begins > start:
            since = "there are no subscriptions" if begins is None else f"the subscriptions begin on {begins:%Y-%m-%d}"
            raise NotDefined(f"{since}; {wanted} of them before this day are needed")
        return movements(self.ledger, start, self.day, win_back_days=self.policy.tasks.win_back_days)

    @cached_property
    def _then(self) -> Slices:
        return slices_at(self.ledger, self.known.accounts, self.day, self.policy.segments, since=self.year_start)

    @cached_property
    def _now(self) -> Slices:
        return slices_at(self.ledger, self.known.accounts, self.day, self.policy.segments)
