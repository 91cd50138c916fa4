"""Journey, expansion and reviews as the pages show them, from the files of plays, journey and metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from features.signals.catalogue import signals
from pipelines.deliver import rows_of
from pipelines.report_signals import signals_path
from pipelines.report_standing import day_of as _day
from pipelines.report_standing import parts as _parts
from pipelines.settings import Project
from serving.workbench.pages import BRIEFS, page_name
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
from serving.workbench.pages.qbr_view import QbrView, ReviewLine

SHOWN = 50
WEEK = timedelta(days=7)
STATUSES = {"stuck": 0, "behind": 1, None: 2, "on track": 3}
REVIEWS = ("review", "executive_review")
About = Mapping[str, Mapping[str, Any]]


def journey(project: Project, as_of: str, about: About) -> JourneyView | None:
    """The page's record; null where the day's journey was not found. `about` are the book's rows by account."""
    if not _there(project, "journey", as_of, "board"):
        return None
    known = {row["part"] for row in rows_of(project, "journey", as_of, part="known") if row["rows"] is not None}
    owed = _of(project, as_of, "cadence", about) if "cadence" in known else None
    asked = _of(project, as_of, "surveys", about) if "surveys" in known else None
    speakers = _of(project, as_of, "advocates", about) if "advocates" in known else None
    wishes = rows_of(project, "journey", as_of, part="feature_requests") if "feature_requests" in known else None
    day = date.fromisoformat(as_of)
    near = [o for o in owed or () if _day(o["due_on"]) < day + WEEK]
    near.sort(key=lambda o: (-o["overdue_days"], _day(o["due_on"]), o["account_id"]))
    asks = None if asked is None else _asks(asked, about)
    board = sorted(_board(_of(project, as_of, "board", about), about), key=_worst_first)
    arr = {str(r["account_id"]): r["arr"] for r in rows_of(project, "scores", as_of)}
    held = [_owed(o, arr, about) for o in near if o["last_on"] is not None]
    never = sorted((_owed(o, arr, about) for o in near if o["last_on"] is None), key=_largest_first)
    may_speak = [row for row in speakers or () if row["candidate"]]
    return JourneyView(
        board=tuple(board[:SHOWN]),
        board_more=max(len(board) - SHOWN, 0),
        statuses=Counter(line.status for line in board),
        counts=None if owed is None else _counts(owed, day),
        owed=tuple(held[:SHOWN]),
        owed_more=max(len(held) - SHOWN, 0),
        never=tuple(never[:SHOWN]),
        never_more=max(len(never) - SHOWN, 0),
        asks=None if asks is None else asks[:SHOWN],
        asks_more=max(len(asks or ()) - SHOWN, 0),
        rates=None
        if "response_rates" not in known
        else tuple(RateLine(**row) for row in rows_of(project, "journey", as_of, part="response_rates")),
        wishes=None if wishes is None else tuple(_wish(row) for row in wishes[:SHOWN]),
        wishes_more=max(len(wishes or ()) - SHOWN, 0),
        routed_to=project.policy.feature_requests.routed_to,
        advocates=None if speakers is None else tuple(_advocate(row, about) for row in may_speak[:SHOWN]),
        advocates_more=max(len(may_speak) - SHOWN, 0),
    )


def expansion(project: Project, as_of: str, about: About) -> ExpansionView | None:
    """The page's record; null where the day's plays were not found."""
    if not _there(project, "plays", as_of, "chances"):
        return None
    rows = [r for r in rows_of(project, "plays", as_of, part="chances") if r["account_id"] in about]
    arr = {str(r["account_id"]): r["arr"] for r in rows_of(project, "scores", as_of)}
    beside = _confirmed_warnings(project, as_of)
    lines = [(bool(r["open"]), _chance(r, arr, about, beside)) for r in rows]
    lines.sort(key=lambda pair: (-(pair[1].arr or 0.0), pair[1].account_id))
    low, high = project.policy.expansion.discount
    waiting = [chance for is_open, chance in lines if not is_open]
    ready = [chance for is_open, chance in lines if is_open]
    return ExpansionView(
        ready=tuple(ready[:SHOWN]),
        ready_more=max(len(ready) - SHOWN, 0),
        ready_arr=sum(chance.arr or 0.0 for chance in ready),
        waiting=tuple(waiting[:SHOWN]),
        waiting_more=max(len(waiting) - SHOWN, 0),
        discount=(low, high),
    )


def _confirmed_warnings(project: Project, as_of: str) -> dict[str, list[str]]:
    """Account → titles of payment and renewal warnings that stand: they shut no gate, and who talks must know them."""
    if not signals_path(project, as_of).exists():
        return {}
    declared, found = signals(project.policy), dict[str, list[str]]()
    for row in rows_of(project, "signals", as_of):
        if row["kind"] == "warning" and row["confirmatory"] and row["status"] in ("open", "clearing"):
            found.setdefault(str(row["account_id"]), []).append(declared[row["signal"]].title)
    return found


def reviews(project: Project, as_of: str, about: About) -> QbrView | None:
    """The page's record; null where the day's journey was not found. A brief is linked where it was made for the day."""
    if not _there(project, "journey", as_of, "cadence"):
        return None
    arr = {str(r["account_id"]): r["arr"] for r in rows_of(project, "scores", as_of)}
    owed = [o for o in _of(project, as_of, "cadence", about) if o["kind"] == "review"]
    owed.sort(key=lambda o: (-o["overdue_days"], _day(o["due_on"]), o["account_id"]))
    lines = [_review(o, arr, about, brief_of(project, as_of, str(o["account_id"]))) for o in owed]
    lapsed = [line for line in lines if line.last_on is not None]
    never = sorted((line for line in lines if line.last_on is None), key=_largest_first)
    held, due = _completion(project, as_of)
    qbr = project.policy.qbr
    return QbrView(
        owed=len(lines),
        quarterly=sum(line.on_list for line in lines),
        overdue=sum(line.overdue_days > 0 for line in lapsed),
        lines=tuple(lapsed[:SHOWN]),
        lines_more=max(len(lapsed) - SHOWN, 0),
        never=tuple(never[:SHOWN]),
        never_more=max(len(never) - SHOWN, 0),
        completion=held,
        due=due,
        on_time_days=project.policy.metrics.qbr_on_time_days,
        minutes=tuple((name, minutes, qbr.short_minutes[name]) for name, minutes in qbr.minutes.items()),
    )


def brief_of(project: Project, as_of: str, account: str) -> str | None:
    """The address of an account's brief on the site; null where none was made for the day."""
    made = project.state / "qbr" / f"as_of={as_of}" / page_name(account)
    return f"{BRIEFS}/{made.name}" if made.exists() else None


def _board(rows: Iterable[Mapping[str, Any]], about: About) -> list[BoardLine]:
    return [
        BoardLine(
            account_id=str(r["account_id"]),
            name=_name(r, about),
            owner=_owner(r, about),
            day=r["day"],
            status=r["status"],
            missed=_parts(r["missed"]),
            key_actions=r["key_actions"],
            key_actions_wanted=r["key_actions_wanted"],
            activated=r["activated"],
            first_value_on=r["first_value_on"],
            completeness=r["completeness"],
            lacking=_parts(r["lacking"]),
            next_step=r["next_step"],
            next_on=r["next_on"],
            # A board of before it told of overdue steps has no such column.
            next_overdue=bool(r.get("next_overdue")),
        )
        for r in rows
    ]


def _worst_first(line: BoardLine) -> tuple[int, int, str]:
    return STATUSES[line.status], line.day, line.account_id


def _counts(owed: Iterable[Mapping[str, Any]], day: date) -> tuple[OwedCount, ...]:
    every, late, soon = Counter[str](), Counter[str](), Counter[str]()
    for o in owed:
        every[o["kind"]] += 1
        late[o["kind"]] += o["overdue_days"] > 0
        soon[o["kind"]] += not o["overdue_days"] and _day(o["due_on"]) < day + WEEK
    return tuple(OwedCount(kind, n, soon[kind], late[kind]) for kind, n in every.items())


def _largest_first(line: OwedLine | ReviewLine) -> tuple[float, str]:
    return -(line.arr or 0.0), line.account_id


def _owed(row: Mapping[str, Any], arr: Mapping[str, float], about: About) -> OwedLine:
    return OwedLine(
        account_id=str(row["account_id"]),
        name=_name(row, about),
        owner=_owner(row, about),
        kind=row["kind"],
        last_on=row["last_on"],
        due_on=_day(row["due_on"]),
        overdue_days=row["overdue_days"],
        arr=arr.get(str(row["account_id"])),
    )


def _asks(rows: Iterable[Mapping[str, Any]], about: About) -> tuple[AskLine, ...]:
    """One line an account, kind and reason."""
    found: dict[tuple[str, str, str], list[date]] = {}
    for r in rows:
        found.setdefault((str(r["account_id"]), r["kind"], r["why"]), []).append(_day(r["due_on"]))
    lines = [
        AskLine(account, _name({"account_id": account}, about), kind, why, len(days), min(days))
        for (account, kind, why), days in found.items()
    ]
    return tuple(sorted(lines, key=lambda a: (a.due_on, a.account_id, a.kind)))


def _wish(row: Mapping[str, Any]) -> WishLine:
    names = ("wish", "accounts", "arr", "arr_at_risk", "requests", "answered", "overdue")
    return WishLine(*(row[name] for name in names))


def _advocate(row: Mapping[str, Any], about: About) -> AdvocateLine:
    return AdvocateLine(
        account_id=str(row["account_id"]),
        name=_name(row, about),
        owner=_owner(row, about),
        green_since=row["green_since"],
        or_earlier=bool(row["or_earlier"]),
        nps=row["nps"],
        champions=row["champions"],
        referrals=row["referrals"],
        asks=_parts(row["asks"]),
    )


def _chance(
    row: Mapping[str, Any], arr: Mapping[str, float], about: About, beside: Mapping[str, list[str]]
) -> ChanceLine:
    return ChanceLine(
        account_id=str(row["account_id"]),
        name=_name(row, about),
        owner=_owner(row, about),
        arr=arr.get(str(row["account_id"])),
        since=_day(row["since"]),
        shows=_parts(row["sentences"]),
        tactics=_parts(row["tactics"]),
        shut_by=_parts(row["shut_by"]),
        beside=tuple(beside.get(str(row["account_id"]), ())),
    )


def _review(row: Mapping[str, Any], arr: Mapping[str, float], about: About, brief: str | None) -> ReviewLine:
    return ReviewLine(
        account_id=str(row["account_id"]),
        name=_name(row, about),
        owner=_owner(row, about),
        arr=arr.get(str(row["account_id"])),
        every_days=row["every_days"],
        last_on=row["last_on"],
        due_on=_day(row["due_on"]),
        overdue_days=row["overdue_days"],
        on_list=bool(row["on_qbr_list"]),
        brief=brief,
    )


def _completion(project: Project, as_of: str) -> tuple[float | None, int]:
    """(share of reviews held in time, reviews due); (null, 0) where the day has no metrics."""
    if not _there(project, "kpis", as_of, "metrics"):
        return None, 0
    rows = rows_of(project, "kpis", as_of, part="metrics")
    own = next((r for r in rows if r["name"] == "qbr_completion" and r["slice_by"] == "all"), None)
    return (None, 0) if own is None or own["value"] != own["value"] else (own["value"], own["n"])


def _there(project: Project, what: str, as_of: str, part: str) -> bool:
    return (project.state / what / f"as_of={as_of}" / f"{part}.parquet").exists()


def _of(project: Project, as_of: str, part: str, about: About) -> list[dict[str, Any]]:
    """Rows of the journey about accounts that have a page: what others are owed is not for these pages."""
    return [r for r in rows_of(project, "journey", as_of, part=part) if r["account_id"] in about]


def _name(row: Mapping[str, Any], about: About) -> str:
    return about[str(row["account_id"])]["name"] or ""


def _owner(row: Mapping[str, Any], about: About) -> str | None:
    owner: str | None = about[str(row["account_id"])]["owner_id"]
    return owner
