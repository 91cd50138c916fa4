"""The signals of a book as of a day: which are on, since when, and the numbers that show it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from data_contracts.sources import Facts
from features.cohort import CohortRule
from features.signals.episodes import CAUSED, CLEAR, SUPPRESSED, Code, Spell, spells, sure
from features.signals.held import held
from features.signals.signal import Signal
from features.snapshots import EPOCH, WEEKDAYS, day_of

if TYPE_CHECKING:
    import pandas as pd

# Runs that are looked at first, and how many times as many before them for what may be older. No result depends on
# them: what a look costs is the build of each weekday, however many of its runs it holds.
WEEKLY_RUNS, DAILY_RUNS, FURTHER = 26, 91, 7
STATE = ("account_id", "signal", "run_date", "started_on", "last_on", "status")


@dataclass(frozen=True)
class Cadence:
    """The run dates of one kind of signal, counted back from the newest one."""

    newest: date
    step: timedelta

    def runs(self, most: int, *, skip: int = 0) -> list[date]:
        """So many run dates, oldest first, that end `skip` runs before the newest."""
        return [self.newest - self.step * i for i in range(skip + most - 1, skip - 1, -1)]


def cadence(as_of: date, *, weekly: bool, weekday: str) -> Cadence:
    """Daily up to as_of, or weekly up to the last such weekday."""
    back = (as_of.weekday() - WEEKDAYS.index(weekday)) % 7 if weekly else 0
    return Cadence(as_of - timedelta(days=back), timedelta(days=7 if weekly else 1))


@dataclass(frozen=True)
class SignalState:
    """`episodes` (columns `STATE`) and, for each, the rows of `held` on the last run on which it had a cause."""

    episodes: pd.DataFrame
    causes: pd.DataFrame


def signal_state(
    facts: Facts,
    rule: CohortRule,
    signals: Mapping[str, Signal],
    as_of: date,
    *,
    clear_runs: int,
    weekday: str = "monday",
    lookback_runs: int | None = None,
) -> SignalState:
    """What stands on the newest run of each signal up to as_of.

    status is `open` (caused on that run), `clearing` (not caused, but not for long enough), `cleared` (on that very run)
    or `suppressed` (caused, and shared by the whole segment). An account that leaves the cohort is without causes.
    """
    import pandas as pd

    def on(runs: Sequence[date], some: Sequence[Signal], accounts: Sequence[str] | None = None) -> pd.DataFrame:
        return held(facts, rule, some, runs, accounts)

    states, causes = [], []
    for weekly in (True, False):
        chosen = [s for s in signals.values() if s.weekly == weekly]
        if not chosen:
            continue
        dates = cadence(as_of, weekly=weekly, weekday=weekday)
        most = max(lookback_runs or (WEEKLY_RUNS if weekly else DAILY_RUNS), clear_runs + 2)
        rows, runs = _far_enough(on, chosen, dates, clear_runs, most, facts)
        state = pd.DataFrame(list(_standing(rows, runs, clear_runs)), columns=list(STATE))
        states.append(state)
        last = state.rename(columns={"run_date": "now", "last_on": "run_date"})[["account_id", "signal", "run_date"]]
        causes.append(rows.merge(last, on=["account_id", "signal", "run_date"]))
    return SignalState(pd.concat(states, ignore_index=True), pd.concat(causes, ignore_index=True))


def _far_enough(
    on: Callable[..., pd.DataFrame],
    signals: Sequence[Signal],
    dates: Cadence,
    clear_runs: int,
    most: int,
    facts: Facts,
) -> tuple[pd.DataFrame, list[date]]:
    """The causes over enough runs that every standing spell is sure to begin where it seems to, and those runs."""
    import pandas as pd

    runs = dates.runs(most)
    rows = on(runs, signals)
    unsure = _unsure(rows, runs, clear_runs)
    first = _first_day(facts) if unsure else runs[0]
    while unsure and runs[0] - dates.step >= first:
        earlier = [run for run in dates.runs(FURTHER * len(runs), skip=len(runs)) if run >= first]
        names = {signal for _, signal in unsure}
        some = [s for s in signals if s.id in names]
        more = on(earlier, some, sorted({account for account, _ in unsure}))
        pairs = pd.MultiIndex.from_frame(more[["account_id", "signal"]])
        more = more[pairs.isin(list(unsure))]
        rows, runs = pd.concat([more, rows], ignore_index=True), earlier + runs
        unsure = _unsure(rows, runs, clear_runs) & unsure
    return rows, runs


def coded(rows: pd.DataFrame, runs: Sequence[date]) -> Iterator[tuple[tuple[str, str], list[Code]]]:
    """(account, signal) with a code per run, for all that ever have a cause."""
    place = {run: i for i, run in enumerate(runs)}
    found: dict[tuple[str, str], list[Code]] = {}
    columns = [rows[name].tolist() for name in ("account_id", "signal", "run_date", "suppressed")]
    for account, signal, run, suppressed in zip(*columns, strict=True):
        codes = found.setdefault((account, signal), [CLEAR] * len(runs))
        codes[place[run]] = SUPPRESSED if suppressed else CAUSED
    yield from found.items()


def _newest(codes: Sequence[Code], clear_runs: int) -> Spell | None:
    """The spell that stands on the newest run or clears on it."""
    found = spells(codes, clear_runs)
    if not found:
        return None
    newest, now = found[-1], len(codes) - 1
    ended = newest.cleared is not None and (newest.suppressed or newest.cleared < now)
    return None if ended else newest


def _unsure(rows: pd.DataFrame, runs: Sequence[date], clear_runs: int) -> set[tuple[str, str]]:
    return {
        key
        for key, codes in coded(rows, runs)
        if (spell := _newest(codes, clear_runs)) is not None and not sure(codes, spell, clear_runs)
    }


def _standing(rows: pd.DataFrame, runs: Sequence[date], clear_runs: int) -> Iterator[tuple[object, ...]]:
    now = len(runs) - 1
    for (account, signal), codes in coded(rows, runs):
        spell = _newest(codes, clear_runs)
        if spell is None:
            continue
        if spell.suppressed:
            status = "suppressed"
        elif spell.cleared is not None:
            status = "cleared"
        else:
            status = "clearing" if codes[now] == CLEAR else "open"
        yield account, signal, runs[now], runs[spell.first], runs[spell.last], status


def _first_day(facts: Facts) -> date:
    """No account can have a cause before this day: no term had begun."""
    first = day_of(facts.tables["subscriptions"]["starts_on"]).min().execute()
    return EPOCH + timedelta(days=int(first))


def signal_history(
    facts: Facts,
    rule: CohortRule,
    signals: Mapping[str, Signal],
    first: date,
    last: date,
    *,
    clear_runs: int,
    weekday: str = "monday",
    accounts: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Every episode between two days: account_id, signal, started_on, cleared_on (null: it still stood on the last run).

    `accounts` narrows the rows, never the segments they are compared with.
    """
    import pandas as pd

    found = []
    for weekly in (True, False):
        chosen = [s for s in signals.values() if s.weekly == weekly]
        dates = cadence(last, weekly=weekly, weekday=weekday)
        runs = dates.runs((dates.newest - first) // dates.step + 1)
        if chosen and runs:
            for (account, signal), codes in coded(held(facts, rule, chosen, runs, accounts), runs):
                for spell in spells(codes, clear_runs):
                    if not spell.suppressed:
                        cleared = None if spell.cleared is None else runs[spell.cleared]
                        found.append((account, signal, runs[spell.first], cleared))
    return pd.DataFrame(found, columns=["account_id", "signal", "started_on", "cleared_on"])
