"""One row of the matrix for one tool: a fresh counterpart, a fresh project, and what came of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.rival import hubspot
from benchmarks.rival.drt import Drt
from benchmarks.rival.judge import Stored, Verdict, judge
from benchmarks.rival.ours import Ours
from benchmarks.rival.receiver import Receiver, listening
from benchmarks.rival.staged_set import book
from benchmarks.rival.tables import Tables
from benchmarks.rival.tool import Report, run
from serving.writeback.staged import Staged
from tests.crm import hubspot_oracle
from tests.crm.fault_proxy import Proxy, fault_proxy
from tests.crm.hubspot_oracle import Emulator

TOOLS = ("drt", "churn")


@dataclass(frozen=True)
class Result:
    """What one turn came to. `told`: a run's own report said that something is amiss. `figure` is shown beside it."""

    verdict: Verdict
    told: bool
    figure: str = ""


@dataclass(frozen=True)
class Case:
    """A row of the matrix. `drt` and `ours` are options of the tools; `why` says where the behaviour comes from.

    `missing`: what the rival does not offer for it, and is therefore not held against it.
    """

    name: str
    counterpart: str
    play: Callable[[Scene], Result]
    why: str = ""
    turns: int = 1
    drt: Mapping[str, Any] = field(default_factory=dict)
    ours: Mapping[str, Any] = field(default_factory=dict)
    missing: str = ""


@dataclass
class Scene:
    """What a case plays with. `keys` are the companies of `hub`."""

    tool: Drt | Ours
    tables: Tables
    receiver: Receiver
    proxy: Proxy
    over_http: bool
    hub: Emulator | None = None
    keys: Sequence[str] = ()

    @property
    def is_rival(self) -> bool:
        """Whether it is the other tool's turn."""
        return isinstance(self.tool, Drt)

    def stored(self) -> list[Stored]:
        """What the counterpart holds."""
        if self.hub:
            return hubspot.stored(self.hub)
        return self.receiver.stored() if self.over_http else self.tables.stored()

    def done(self) -> int:
        """Requests that arrived at the endpoint, or rows written to the tables."""
        if self.hub:
            return len(self.hub.log())
        return self.receiver.calls if self.over_http else self.tables.writes()

    @property
    def unit(self) -> str:
        """What `done` counts."""
        return "calls" if self.over_http or self.hub else "rows written"

    def deliver(self, rows: Sequence[Staged]) -> Report:
        """Stage and run."""
        self.tool.stage(rows)
        return run(self.tool)

    def finish(self, report: Report) -> Report:
        """After a run with failed rows, what the tool's documentation says to do then."""
        return self.tool.recover() if report.complained else report

    def judged(self, rows: Sequence[Staged], told: bool, figure: str = "", refused: Collection[str] = ()) -> Result:
        """The result, by the counterpart's state. A refused row that nobody reported counts as lost."""
        verdict = judge(rows, self.stored(), refused=refused)
        if refused and not told:
            verdict = Verdict((*verdict.lost, *refused), verdict.doubled, verdict.wrong, verdict.unasked)
        return Result(verdict, told, figure)


@contextmanager
def scene(case: Case, tool: str, command: Path, address: str, db: Any) -> Iterator[Scene]:
    """A scene, whose files are gone after the block."""
    over_http = case.counterpart == "HTTP"
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="rival-")))
        receiver = Receiver()
        proxy = stack.enter_context(fault_proxy(stack.enter_context(listening(receiver))))
        tables = Tables(address, db)
        url = proxy.url if over_http else ""
        hub, keys = None, []
        if case.counterpart == "HubSpot":
            hub = stack.enter_context(hubspot_oracle.server())
            keys = hubspot.opened(hub)
        found: Drt | Ours
        if tool == "drt":
            found = Drt(command, folder, tables, url=url, hub=hub, **case.drt)
        else:
            found = Ours(folder, tables, url=url, hub=hub, **case.ours)
        yield Scene(found, tables, receiver, proxy, over_http, hub, keys)


def played(case: Case, tool: str, command: Path, address: str, db: Any) -> list[Result]:
    """Every turn of a case."""
    found = []
    for _ in range(case.turns):
        with scene(case, tool, command, address, db) as one:
            found.append(case.play(one))
    return found


def scores(rows: Sequence[Staged]) -> list[Staged]:
    """The scores of a book."""
    return [row for row in rows if row.kind == "score"]


def both_weeks(first: str, second: str) -> list[Staged]:
    """What is there after two weeks: the later scores, the tasks of both."""
    return book(second) + [row for row in book(first) if row.kind == "task"]
