"""SOQL, as far as a client that writes records needs it: one object, simple conditions, ORDER BY, LIMIT, OFFSET.

Documented: strings compare without regard to case unless the field is case-sensitive; only the listed backslash
sequences are allowed in a string; AND and OR need parentheses where they meet; null comes first when sorting.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.crm.salesforce_schema import NUMBERS, TEXTS, Field
from tests.crm.salesforce_store import Org, Table
from tests.crm.salesforce_values import day, moment

LONGEST, FURTHEST = 100_000, 2_000
TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\]|\\.)*')|(?P<moment>\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:?\d\d))"
    r"|(?P<date>\d{4}-\d\d-\d\d)|(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"|(?P<word>[A-Za-z_][\w.]*)|(?P<sign><>|!=|<=|>=|[=<>(),]))",
    re.DOTALL,
)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
ESCAPE = re.compile(r"\\(.)", re.DOTALL)
KEEP = ("LIKE", "_", "%")


class BadQuery(Exception):
    """The code and message that a query is refused with."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code, self.message = code, message


@dataclass
class Condition:
    """A condition: `and`, `or`, `not` over others, or a comparison of a field with one value or several."""

    op: str
    parts: list[Condition] = field(default_factory=list)
    place: int = -1
    value: Any = None


@dataclass
class Query:
    """A query that was understood."""

    table: Table
    places: list[int]
    where: Condition | None = None
    order: list[tuple[int, bool, bool]] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0
    count: bool = False


class Parser:
    """Reads one query; whatever it does not expect is MALFORMED_QUERY."""

    def __init__(self, org: Org, text: str) -> None:
        if len(text) > LONGEST:
            raise BadQuery("MALFORMED_QUERY", "SOQL statements cannot be longer than 100000 characters.")
        self.org, self.tokens, self.at = org, _tokens(text), 0

    def query(self) -> Query:
        """The whole query."""
        self._expect("SELECT")
        names = [self._name()]
        count = names[0].upper() == "COUNT" and self._take("(") and bool(self._expect(")"))
        while not count and self._take(","):
            names.append(self._name())
        self._expect("FROM")
        asked = self._name()
        table = self.org.table(asked)
        if table is None:
            raise BadQuery("INVALID_TYPE", f"sObject type '{asked}' is not supported.")
        self.table = table
        places = [] if count else [self._place(name) for name in names]
        if len(set(places)) != len(places):
            raise BadQuery("INVALID_FIELD", "duplicate field selected: " + next(n for n in names if names.count(n) > 1))
        query = Query(table, places, count=bool(count))
        if self._take("WHERE"):
            query.where = self._any()
        if self._take("ORDER"):
            self._expect("BY")
            query.order = [self._sorting()]
            while self._take(","):
                query.order.append(self._sorting())
        if self._take("LIMIT"):
            query.limit = self._whole()
        if self._take("OFFSET"):
            query.offset = self._whole()
            if query.offset > FURTHEST:
                raise BadQuery("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {FURTHEST}")
        if self.at < len(self.tokens):
            raise self._unexpected()
        return query

    def _any(self) -> Condition:
        first = self._one()
        joined = self._word()
        if joined not in ("AND", "OR"):
            return first
        parts = [first]
        while self._take(joined):
            parts.append(self._one())
        if self._word() in ("AND", "OR"):
            raise self._unexpected()
        return Condition(joined.lower(), parts)

    def _one(self) -> Condition:
        if self._take("NOT"):
            return Condition("not", [self._one()])
        if self._take("("):
            inner = self._any()
            self._expect(")")
            return inner
        place = self._place(self._name())
        f = self.table.fields[place]
        if not f.filterable:
            raise BadQuery("INVALID_FIELD", f"field '{f.name}' can not be filtered in a query call")
        negated = self._take("NOT")
        if negated or self._word() == "IN":
            self._expect("IN")
            self._expect("(")
            values = [self._value(f)]
            while self._take(","):
                values.append(self._value(f))
            self._expect(")")
            return Condition("not in" if negated else "in", place=place, value=values)
        op = self._next()
        if op[0] == "word" and op[1].upper() == "LIKE":
            if f.kind not in TEXTS:
                raise BadQuery("INVALID_QUERY_FILTER_OPERATOR", f"invalid operator on {f.kind} field")
            return Condition("like", place=place, value=_like(self._string(KEEP)))
        if op[0] != "sign" or op[1] not in ("=", "!=", "<>", "<", ">", "<=", ">="):
            self.at -= 1
            raise self._unexpected()
        return Condition("!=" if op[1] == "<>" else op[1], place=place, value=self._value(f))

    def _value(self, f: Field) -> Any:
        kind, text = self._next()
        if kind == "word" and text.upper() == "NULL":
            return None
        if kind == "sign":
            self.at -= 1
            raise self._unexpected()
        numeric = f.kind in NUMBERS
        if kind == "string":
            if numeric or f.kind in ("boolean", "date", "datetime"):
                message = f"value of filter criterion for field '{f.name}' must be of type {f.kind} and should not be enclosed in quotes"
                raise BadQuery("INVALID_FIELD", message)
            return _unescaped(text)
        read = {"number": float, "date": day, "moment": moment}.get(kind)
        wanted = {"date": "date", "datetime": "moment", "boolean": "word"}.get(
            f.kind, "number" if numeric else "string"
        )
        if kind == "word" and f.kind == "boolean" and text.upper() in ("TRUE", "FALSE"):
            return text.upper() == "TRUE"
        value = read(text) if read and kind == wanted else None  # type: ignore[operator]
        if value is None:
            message = f"value of filter criterion for field '{f.name}' must be of type {f.kind}"
            raise BadQuery(
                "INVALID_FIELD", message + (" and should be enclosed in quotes" if wanted == "string" else "")
            )
        return value

    def _sorting(self) -> tuple[int, bool, bool]:
        place = self._place(self._name())
        if not self.table.fields[place].filterable:
            raise BadQuery(
                "INVALID_FIELD", f"field '{self.table.fields[place].name}' can not be sorted in a query call"
            )
        down = not self._take("ASC") and self._take("DESC")
        last = False
        if self._take("NULLS"):
            last = not self._take("FIRST") and bool(self._expect("LAST"))
        return place, bool(down), last

    def _place(self, name: str) -> int:
        place = self.table.place(name)
        if place is None:
            message = (
                f"No such column '{name}' on entity '{self.table.name}'. If you are attempting to use a custom field, "
                "be sure to append the '__c' after the custom field name. Please reference your WSDL or the describe "
                "call for the appropriate names."
            )
            raise BadQuery("INVALID_FIELD", message)
        return place

    def _string(self, kept: tuple[str, ...]) -> str:
        kind, text = self._next()
        if kind != "string":
            self.at -= 1
            raise self._unexpected()
        return _unescaped(text, kept)

    def _whole(self) -> int:
        kind, text = self._next()
        if kind != "number" or not text.isdigit():
            self.at -= 1
            raise self._unexpected()
        return int(text)

    def _name(self) -> str:
        kind, text = self._next()
        if kind != "word":
            self.at -= 1
            raise self._unexpected()
        return text

    def _word(self) -> str:
        return self.tokens[self.at][1].upper() if self.at < len(self.tokens) else ""

    def _take(self, wanted: str) -> bool:
        found = self.at < len(self.tokens) and self.tokens[self.at][0] != "string" and self._word() == wanted
        self.at += found
        return found

    def _expect(self, wanted: str) -> bool:
        if not self._take(wanted):
            raise self._unexpected()
        return True

    def _next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise self._unexpected()
        self.at += 1
        return self.tokens[self.at - 1]

    def _unexpected(self) -> BadQuery:
        found = self.tokens[self.at][1] if self.at < len(self.tokens) else "<EOF>"
        return BadQuery("MALFORMED_QUERY", f"unexpected token: '{found}'")


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at, end = [], 0, len(text.rstrip())
    while at < end:
        found = TOKEN.match(text, at)
        if found is None:
            raise BadQuery("MALFORMED_QUERY", f"line 1:{at} no viable alternative at character '{text[at]}'")
        kind = found.lastgroup or ""
        tokens.append((kind, found[kind]))
        at = found.end()
    return tokens


def _unescaped(quoted: str, kept: tuple[str, ...] = ()) -> str:
    inner = quoted[1:-1]
    if "\\" not in inner:
        return inner

    def one(found: re.Match[str]) -> str:
        if found[1] in kept:
            return found[0]
        letter = ESCAPES.get(found[1].lower() if found[1].isalpha() else found[1])
        if letter is None:
            raise BadQuery(
                "MALFORMED_QUERY",
                f"Invalid string literal '{inner}'. Illegal character sequence '{found[0]}' in string literal.",
            )
        return "\\\\" if kept and letter == "\\" else letter

    return ESCAPE.sub(one, inner)


def _like(text: str) -> re.Pattern[str]:
    """A pattern: % any run of characters, _ any one, either as itself behind a backslash."""
    parts = re.findall(r"\\.|[%_]|[^\\%_]+", text, re.DOTALL)
    made = [{"%": ".*", "_": "."}.get(p) or re.escape(p[1:] if p[0] == "\\" else p) for p in parts]
    return re.compile("".join(made), re.DOTALL | re.IGNORECASE)
