"""A big table under its checks without leaving DuckDB: one pass counts, a second one keeps the rows that fail.

Python sees counts and a handful of samples; the numbers of the failing rows stay in the warehouse as a table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from data_contracts.contract import NOT_BEFORE, Contract
from data_contracts.predicates import Rule, both, quoted

ROWS_A_PASS = 8_000_000  # keys that one pass of the search for copies holds in memory
MOST_RULES = 62  # bits of the mask that says which rules a row breaks
DAY_MICROSECONDS = 86_400_000_000
SAMPLED = 5


class Scan:
    """One relation in DuckDB, asked as a whole.

    `relation` is any text that may follow FROM, `row` the column of row numbers, `scratch` a schema-qualified prefix for
    tables of its own (see `tables`). `among`, where given, is a relation with `row` and the key that holds every row
    whose key comes more than once.
    """

    def __init__(
        self,
        connection: Any,
        relation: str,
        contract: Contract,
        *,
        row: str,
        scratch: str,
        among: str | None = None,
    ) -> None:
        self._connection = connection
        self._row, self._scratch, self._among = quoted(row), scratch, among
        self._base = relation
        self.types: Mapping[str, str] = {
            name: kind for name, kind, *_ in self._ask(f"DESCRIBE SELECT * FROM {relation} AS t")
        }
        self._relation = f"{relation} AS t"
        self._bits: dict[Rule, int] = {}
        self._counts: dict[str, int] = {}
        self._copies: dict[Rule, str] = {}
        self._compare_by_day(contract)

    def __deepcopy__(self, memo: Any) -> Scan:
        """Itself: pandas copies the attributes of a frame with every operation."""
        return self

    @property
    def failing(self) -> str:
        """The table of the rows that fail: their number and `mask`, the rules they break."""
        return f"{self._scratch}_masks"

    def count(self, filters: Sequence[str]) -> list[int]:
        """How many rows meet each condition; all that is not yet known in one pass."""
        new = [f for f in dict.fromkeys(filters) if f not in self._counts]
        if new:
            counts = ", ".join(map(_counted, new))
            found = self._ask(f"SELECT {counts} FROM {self._relation}")[0]
            self._counts |= dict(zip(new, map(int, found), strict=True))
        return [self._counts[f] for f in filters]

    def violations(self, rules: Sequence[Rule]) -> list[int]:
        """How many rows break each rule; those that do are kept with the bit of every rule they break."""
        for rule in rules:
            if rule.key and rule not in self._copies:
                self._find_copies(rule)
        counts = self.count([r.fails for r in rules if not r.key])
        by_row = dict(zip((r for r in rules if not r.key), counts, strict=True))
        found = [self._counts[self._copies[r]] if r.key else by_row[r] for r in rules]
        broken = [r for r, n in zip(rules, found, strict=True) if n]
        if set(broken) - set(self._bits):
            self._keep(broken)
        return found

    def samples(self, rule: Rule) -> list[tuple[Any, ...]]:
        """The values of the first few rows that break a rule."""
        if rule not in self._bits:
            return []
        shown = ", ".join(quoted(name) for name in rule.shows)
        first = (
            f"SELECT {self._row} FROM {self.failing} WHERE mask & {self._bits[rule]} <> 0 ORDER BY 1 LIMIT {SAMPLED}"
        )
        numbers = [str(number) for (number,) in self._ask(first)]
        query = f"SELECT {shown} FROM {self._relation} WHERE {self._row} IN ({', '.join(numbers)}) ORDER BY {self._row}"
        return self._ask(query) if numbers else []

    def keep_reasons(self, rules: Mapping[str, Rule], first_known: str, into: str) -> tuple[int, dict[str, int]]:
        """Store row number and reasons of every failing row; returns how many there are, and how many by name.

        Of several copies one stays: the first known (by the expression `first_known`) of those that break no other
        rule; copies known at the same moment are told apart by their values, so that the order of rows cannot matter.
        """
        broken = {name: rule for name, rule in rules.items() if rule in self._bits}
        row_bits = sum({self._bits[r] for r in broken.values() if not r.key})
        parts = [f"SELECT {self._row}, mask & {row_bits} AS mask FROM {self.failing} WHERE mask & {row_bits} <> 0"]
        parts += [self._later(rule, first_known, row_bits) for rule in {r: None for r in broken.values() if r.key}]
        reasons = ", ".join(
            f"CASE WHEN mask & {self._bits[rule]} <> 0 THEN '{name}' END" for name, rule in broken.items()
        )
        self._ask(
            f"CREATE OR REPLACE TABLE {into} AS SELECT {self._row}, concat_ws(', ', {reasons or 'NULL'}) AS reasons, "
            f"mask FROM (SELECT {self._row}, bit_or(mask) AS mask FROM ({' UNION ALL '.join(parts)}) GROUP BY 1)"
            if broken
            else f"CREATE OR REPLACE TABLE {into} AS SELECT 0::BIGINT AS {self._row}, '' AS reasons WHERE FALSE"
        )
        counts = ", ".join(f"count(*) FILTER (WHERE mask & {self._bits[r]} <> 0)" for r in broken.values())
        found = self._ask(f"SELECT count(*), {counts} FROM {into}")[0] if broken else (0,)
        return int(found[0]), dict(zip(broken, map(int, found[1:]), strict=True))

    def drop(self) -> None:
        """Drop the tables of its own."""
        for name in (self.failing, f"{self._scratch}_suspects", *self._copies.values()):
            self._ask(f"DROP TABLE IF EXISTS {name}")

    def _keep(self, broken: Sequence[Rule]) -> None:
        if len(broken) > MOST_RULES:
            raise NotImplementedError(f"{len(broken)} broken rules do not fit into one mask.")
        self._bits = {rule: 1 << place for place, rule in enumerate(broken)}
        rows = [r for r in broken if not r.key]
        parts = []
        if rows:
            mask = " | ".join(f"CASE WHEN {r.fails} THEN {self._bits[r]} ELSE 0 END" for r in rows)
            where = " OR ".join(f"({r.fails})" for r in rows)
            parts.append(f"SELECT {self._row}, ({mask})::BIGINT AS mask FROM {self._relation} WHERE {where}")
        copies = [
            f"SELECT {self._row}, {self._bits[r]}::BIGINT AS mask FROM {self._copies[r]}" for r in broken if r.key
        ]
        self._ask(
            f"CREATE OR REPLACE TABLE {self.failing} AS SELECT {self._row}, bit_or(mask) AS mask "
            f"FROM ({' UNION ALL '.join([*parts, *copies])}) GROUP BY 1"
        )

    def _find_copies(self, rule: Rule) -> None:
        """Store the rows that share their key with another: by hash first, then confirmed by value."""
        key = ", ".join(quoted(name) for name in rule.key)
        if self._among is not None:
            candidates = f"(SELECT * FROM {self._among} WHERE {rule.applies})"
        else:
            suspects = self._suspects(key, rule.applies)
            where = both(rule.applies, f"hash({key}) IN (SELECT h FROM {suspects})")
            candidates = f"(SELECT {self._row}, {key} FROM {self._relation} WHERE {where})"
        into = self._copies[rule] = f"{self._scratch}_copies_{len(self._copies)}"
        self._ask(
            f"CREATE OR REPLACE TABLE {into} AS SELECT {self._row} FROM {candidates} "
            f"QUALIFY count(*) OVER (PARTITION BY {key}) > 1"
        )
        self._counts[into] = int(self._ask(f"SELECT count(*) FROM {into}")[0][0])

    def _suspects(self, key: str, where: str) -> str:
        rows = self.count(["TRUE"])[0]
        return suspects(self._connection, self._relation, key, where, rows=rows, into=f"{self._scratch}_suspects")

    def _later(self, rule: Rule, first_known: str, row_bits: int) -> str:
        """The copies that do not stay, with the rule's bit."""
        key = ", ".join(quoted(name) for name in rule.key)
        values = ", ".join(f"{quoted(name)} NULLS LAST" for name in sorted(self.types) if quoted(name) != self._row)
        place = f"row_number() OVER (PARTITION BY {key} ORDER BY broken, first_known NULLS LAST, {values}, {self._row})"
        rows = (
            f"SELECT t.*, coalesce(f.mask & {row_bits} <> 0, FALSE) AS broken, {first_known} AS first_known "
            f"FROM {self._base} AS t SEMI JOIN {self._copies[rule]} AS c USING ({self._row}) "
            f"LEFT JOIN {self.failing} AS f USING ({self._row})"
        )
        return f"SELECT {self._row}, {self._bits[rule]}::BIGINT AS mask FROM ({rows}) QUALIFY {place} > 1"

    def _compare_by_day(self, contract: Contract) -> None:
        """As `frames.checkable` does it: an earlier moment counts from its day where the later one is known by day."""
        pairs = [
            (str(c.kwargs["column_A"]), str(c.kwargs["column_B"]))
            for c in contract.checks
            if c.expectation == NOT_BEFORE and c.kwargs.get("or_equal") and c.subject <= set(self.types)
        ]
        names = sorted({name for pair in pairs for name in pair if self.types[name] == "TIMESTAMP"})
        whole = {name: True for pair in pairs for name in pair}
        if names:
            asked = ", ".join(f"bool_and(epoch_us({quoted(n)}) % {DAY_MICROSECONDS} = 0)" for n in names)
            told = self._ask(f"SELECT {asked} FROM {self._relation}")[0]
            whole |= {name: value is not False for name, value in zip(names, told, strict=True)}
        floored = []
        for later, earlier in pairs:
            if whole[later] and not whole[earlier]:
                whole[earlier] = True
                floored.append(f"date_trunc('day', {quoted(earlier)}) AS {quoted(earlier)}")
        if floored:
            self._relation = f"(SELECT * REPLACE ({', '.join(floored)}) FROM {self._base} AS b) AS t"

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        found: list[tuple[Any, ...]] = self._connection.raw_sql(sql).fetchall()
        return found


def _counted(condition: str) -> str:
    """The rows that meet a condition; how many values a column has is known without looking at each."""
    empty = re.fullmatch(r'("(?:[^"]|"")+") IS (NOT )?NULL', condition)
    if empty:
        return f"count({empty[1]})" if empty[2] else f"count(*) - count({empty[1]})"
    return "count(*)" if condition == "TRUE" else f"count(*) FILTER (WHERE {condition})"


def suspects(connection: Any, relation: str, key: str, where: str, *, rows: int, into: str) -> str:
    """Store, as `h`, the hashes of a key that come more than once.

    A copy has its twin's hash, so that all copies are among the rows of these hashes. The keys are searched in passes
    by their hash: memory is bounded by ROWS_A_PASS whatever the size of the table.
    """
    passes = max(1, -(-rows // ROWS_A_PASS))
    connection.raw_sql(f"CREATE OR REPLACE TABLE {into} (h UBIGINT)").fetchall()
    for number in range(passes):
        share = "TRUE" if passes == 1 else f"hash({key}) % {passes} = {number}"
        connection.raw_sql(
            f"INSERT INTO {into} SELECT h FROM (SELECT hash({key}) AS h FROM {relation} WHERE {both(where, share)}) "
            "GROUP BY h HAVING count(*) > 1"
        ).fetchall()
    return into
