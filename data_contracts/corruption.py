"""A copy of the facts whose future is changed and whose past is not: features at as_of must not tell the two apart.

Driven by the contracts alone: a row exists from its event time and from `known_at`, whichever is later; a mutable
value is known from the date that guards it. What lies at or after as_of by these rules is deleted, edited, moved,
invented or taken back, and known facts are restated from then on; what lies before is kept to the last bit. `merged_into` is the one value without a date of its
own: it is dated by the account's first `acquired` decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from data_contracts.contract import Contract
from data_contracts.known import (
    DTYPES,
    as_arrow,
    as_known,
    guarded,
    happened_at,
    has_key,
    in_contract_types,
    lies_ahead,
    restated,
)

__all__ = ["as_arrow", "as_known", "corrupted", "guarded", "in_contract_types", "lies_ahead", "restated"]

REACH_DAYS = 120  # new dates fall within so many days of as_of
RESTATED = 0.3  # share of known rows that are restated at or after as_of
AT_MIDNIGHT = 0.25  # share of new dates that fall on as_of 00:00 itself, where `<` and `<=` differ


def corrupted(
    tables: Mapping[str, pd.DataFrame], contracts: Mapping[str, Contract], *, as_of: date, seed: int
) -> dict[str, pd.DataFrame]:
    """The tables with everything that happened or became known at or after as_of changed, rows shuffled.

    `tables` are accepted tables with all contract columns; the copies come back in nullable pandas types (dates as
    datetime64), see `as_arrow`. The same seed gives the same corruption.
    """
    moment, chance = pd.Timestamp(as_of), np.random.default_rng(seed)
    before = {name: in_contract_types(frame, contracts[name]) for name, frame in tables.items()}
    after = {name: _Corruption(contracts[name], moment, chance).of(before[name]) for name in sorted(before)}
    if {"accounts", "subscriptions"} <= set(after):
        _redate_mergers(before["subscriptions"], after, moment, chance)
    return {name: after[name].sample(frac=1.0, random_state=chance).reset_index(drop=True) for name in tables}


@dataclass(frozen=True)
class _Corruption:
    """One table's corruption at one moment."""

    contract: Contract
    moment: pd.Timestamp
    chance: np.random.Generator

    def of(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The corrupted copy."""
        if frame.empty:
            return frame
        ahead = lies_ahead(frame, self.contract, self.moment.date())
        fixed = ~ahead | self._replaces(frame)
        parts = [self._past(frame[fixed].copy()), self._ahead(frame[~fixed].copy())]
        parts += [self._restated(frame[~ahead].copy()), self._invented(frame)]
        found = pd.concat([part for part in parts if len(part)], ignore_index=True)
        doubled = found.duplicated([*self.contract.key, "known_at"]) & has_key(found, self.contract)
        return found[~doubled].reset_index(drop=True)

    def _replaces(self, frame: pd.DataFrame) -> pd.Series:
        """Rows that replaced an earlier version before as_of: that they did so is known, whatever they speak of."""
        keyed = frame[has_key(frame, self.contract)]
        first = keyed.groupby(list(self.contract.key), dropna=False)["known_at"].transform("min")
        later = keyed["known_at"] > first
        return later.reindex(frame.index, fill_value=False) & (frame["known_at"] < self.moment)

    def _past(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Known rows: their values that are not yet known are taken back, changed, or given."""
        for guard, columns in guarded(self.contract).items():
            fate = self.chance.random(len(rows))
            ahead, empty = rows[guard] >= self.moment, rows[guard].isna()
            taken = ahead & (fate < 0.4)
            given = (ahead & ~taken) | (empty & (fate < 0.7))
            rows.loc[taken, columns] = None
            self._postpone(rows, [guard], given)
            self._revalue(rows, [c for c in columns if c != guard], given)
        return rows

    def _ahead(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows not yet known: a third deleted, a third edited, a third moved to other days at or after as_of."""
        was, fate = rows.copy(), self.chance.random(len(rows))
        edited, moved = pd.Series(fate < 1 / 3, index=rows.index), pd.Series(fate > 2 / 3, index=rows.index)
        self._revalue(rows, self._plain, edited)
        for column in self._dates:
            self._postpone(rows, [column], moved & (rows[column] >= self.moment))
        self._postpone(rows, ["known_at"], moved)
        same = ((rows == was) | (rows.isna() & was.isna())).fillna(False).all(axis=1)
        return rows[(edited | moved) & ~same]

    def _restated(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Later versions of known rows: learned at or after as_of, with other values and dates, before as_of or after."""
        rows = rows[has_key(rows, self.contract)]
        rows = rows.sample(frac=RESTATED, random_state=self.chance).reset_index(drop=True)
        for name in self._plain:
            self._revalue(rows, [name], pd.Series(self.chance.random(len(rows)) < 0.5))
        for guard, columns in guarded(self.contract).items():
            fate = pd.Series(self.chance.random(len(rows)))
            rows.loc[fate < 0.3, columns] = None
            self._postpone(rows, [guard], fate > 0.6)
            self._backdate(rows, [guard], fate.between(0.3, 0.6))
            self._revalue(rows, [c for c in columns if c != guard], fate >= 0.3)
        others = {*self._dates} - {*self.contract.key, *guarded(self.contract), "known_at"}
        self._backdate(rows, sorted(others), pd.Series(self.chance.random(len(rows)) < 0.3))
        self._postpone(rows, ["known_at"], pd.Series(True, index=rows.index))
        return rows

    def _invented(self, frame: pd.DataFrame) -> pd.DataFrame:
        """New rows after the pattern of old ones: half happen at or after as_of, half are only learned then."""
        count = max(5, len(frame) // 3)
        rows = frame.iloc[self.chance.integers(0, len(frame), count)].reset_index(drop=True)
        self._rename(rows)
        self._revalue(rows, self._plain, pd.Series(self.chance.random(count) < 0.5))
        happens = pd.Series(self.chance.random(count) < 0.5)
        self._postpone(rows, ["known_at"], ~happens)
        self._postpone(rows, self.contract.event_time, happens)
        for guard, columns in guarded(self.contract).items():
            never = happens & (self.chance.random(count) < 0.5) & (guard not in self.contract.event_time)
            rows.loc[never, columns] = None
            self._postpone(rows, [guard], happens & ~never)
        rows.loc[happens, "known_at"] = happened_at(rows, self.contract)[happens]
        return rows

    def _rename(self, rows: pd.DataFrame) -> None:
        """Give each row a key of its own, in one key column that refers to nothing."""
        keys = [c for c in self.contract.key if c not in {*self._references, *self._dates}]
        pick = pd.Series(self.chance.integers(0, max(len(keys), 1), len(rows)))
        fresh = pd.Series([f"~{self.moment:%y%m%d}-{i}" for i in range(len(rows))], dtype="string")
        for i, key in enumerate(keys):
            rows[key] = rows[key].where(pick != i, rows[key] + fresh)

    def _postpone(self, rows: pd.DataFrame, columns: Iterable[str], where: pd.Series) -> None:
        """Set dates to moments at or after as_of."""
        for name in columns:
            count = int(where.sum())
            seconds = self.chance.integers(0, REACH_DAYS * 86_400, count)
            seconds[self.chance.random(count) < AT_MIDNIGHT] = 0
            later = self.moment + pd.to_timedelta(seconds, unit="s")
            on_day = self.contract.column(name).type == "date"
            rows.loc[where, name] = (later.floor("D") if on_day else later).astype("datetime64[us]")

    def _backdate(self, rows: pd.DataFrame, columns: Iterable[str], where: pd.Series) -> None:
        """Set dates to moments before as_of."""
        for name in columns:
            seconds = self.chance.integers(1, REACH_DAYS * 86_400, int(where.sum()))
            earlier = self.moment - pd.to_timedelta(seconds, unit="s")
            on_day = self.contract.column(name).type == "date"
            rows.loc[where, name] = (earlier.floor("D") if on_day else earlier).astype("datetime64[us]")

    def _revalue(self, rows: pd.DataFrame, columns: Iterable[str], where: pd.Series) -> None:
        """Set plain values to other ones that the contract allows."""
        for name in columns:
            count = int(where.sum())
            if count:
                dtype = DTYPES[self.contract.column(name).type]
                rows.loc[where, name] = pd.array(self._values(rows[name], name, count), dtype=dtype)

    def _values(self, seen: pd.Series, name: str, count: int) -> Any:
        allowed, low, high = self._domain(name)
        match self.contract.column(name).type:
            case "boolean":
                return self.chance.random(count) < 0.5
            case "integer" | "number" as kind:
                top = high if high is not None else 2.0 * float(seen.max() if seen.notna().any() else 10) + 1
                drawn = self.chance.uniform(low if low is not None else 0.0, top, count)
                return np.floor(drawn) if kind == "integer" else drawn.round(2)
            case _:
                pool = allowed or list(seen.dropna().unique()) or ["changed"]
                return [pool[i] for i in self.chance.integers(0, len(pool), count)]

    def _domain(self, name: str) -> tuple[list[Any], float | None, float | None]:
        """Allowed values, minimum and maximum, as the contract's checks have them."""
        allowed: list[Any] = []
        low = high = None
        for check in self.contract.checks:
            if check.column == name and not check.when and "value_set" in check.kwargs:
                allowed = allowed if check.kwargs["value_set"] == [True] else list(check.kwargs["value_set"])
            if check.name in {f"{name}_minimum", f"{name}_maximum"}:
                low, high = check.kwargs.get("min_value", low), check.kwargs.get("max_value", high)
        return allowed, low, high

    @property
    def _dates(self) -> list[str]:
        return [c.name for c in self.contract.columns if c.type in {"date", "timestamp"}]

    @property
    def _references(self) -> set[str]:
        return {str(check.column) for check in self.contract.checks if check.references}

    @property
    def _plain(self) -> list[str]:
        return [n for n in self.contract.column_names if n not in {*self._dates, *self.contract.key, "merged_into"}]


def _redate_mergers(
    before: pd.DataFrame, after: dict[str, pd.DataFrame], moment: pd.Timestamp, chance: np.random.Generator
) -> None:
    """Bring `merged_into` in line with the corrupted decisions: mergers at or after as_of come and go, others stay."""
    accounts, terms = after["accounts"], after["subscriptions"]
    was = _first_acquired(before).reindex(accounts["account_id"]).set_axis(accounts.index)
    known = was < moment
    undated = accounts["merged_into"].notna() & was.isna()
    # A decision at or after as_of must not date a merger that had no date: it is read as another kind of loss.
    stay = accounts["account_id"][known | undated]
    acquired = (terms["decision_kind"] == "acquired") & (terms[["decision_at", "known_at"]].max(axis=1) >= moment)
    terms.loc[acquired & terms["account_id"].isin(accounts["account_id"][undated]), "decision_kind"] = "voluntary"
    will = _first_acquired(terms).reindex(accounts["account_id"]).set_axis(accounts.index)
    ahead = ~accounts["account_id"].isin(stay)
    other = accounts["account_id"].iloc[chance.permutation(len(accounts))].reset_index(drop=True)
    accounts.loc[ahead, "merged_into"] = other.where(will.notna())[ahead]


def _first_acquired(terms: pd.DataFrame) -> pd.Series:
    """Account → when its first `acquired` decision was made and known."""
    acquired = terms[(terms["decision_kind"] == "acquired").fillna(False)]
    known = acquired[["decision_at", "known_at"]].max(axis=1).where(acquired["decision_at"].notna())
    return known.groupby(acquired["account_id"]).min()
