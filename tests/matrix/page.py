"""The table of docs/reliability.md, from what the matrix's tests did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tests.matrix.faults import CONTROLS, COUNTERPARTS, Fault, chosen, matrix

Line = Mapping[str, Any]


def section(lines: Sequence[Line]) -> str:
    """The whole section.

    A cell counts the tests of a row at a counterpart that passed; one that failed or did not run is named in bold.
    """
    head = " | ".join(COUNTERPARTS.values())
    rows = "\n".join(_row(fault, lines) for fault in matrix())
    kills = sum(_counted(lines, "kills"))
    passed = sum(line["outcome"] == "passed" for line in lines)
    return f"""## The fault matrix

Written by `make matrix` from what its tests did: {passed} of {len(lines)} passed, with {kills:,} kills (SIGKILL on a process of its own).
What is judged is what the counterpart holds afterwards, by key: its file, its tables, its server, never our ledger. Every test
expects nothing lost and nothing doubled. Files, Postgres and Tryton (a CRM that nobody here wrote, behind a proxy that makes
the faults) are real; HubSpot and Salesforce are emulators written from the vendors' documents before there was a client, as
servers of their own; *scripted* answers within the test, mostly with the ledger in a file and in Postgres in turn. A figure is
the number of tests.

| | what happens | {head} |
|---|---|{"---|" * len(COUNTERPARTS)}
{rows}
| | **without idempotency keys**, so that these tests are known to fail: rows doubled | {_controls(lines)} |

Row 19, a million rows, has figures of its own on this page. Where a counterpart has no test:

{chr(10).join(f"- {fault.number}: {fault.none}" for fault in matrix() if fault.none)}
"""


def failed(lines: Sequence[Line]) -> list[str]:
    """The tests that did not pass, and the cells of the matrix whose tests did not run."""
    found = [f"{line['outcome']}: {line['node']}" for line in lines if line["outcome"] != "passed"]
    for fault in matrix():
        for where, names in fault.tests.items():
            missing = [name for name in names if not any(chosen(line["node"], [name]) for line in lines)]
            found += [f"not run: {fault.number} {where} {name}" for name in missing]
    return found


def _row(fault: Fault, lines: Sequence[Line]) -> str:
    cells = [_cell(fault.tests.get(where, ()), lines) for where in COUNTERPARTS]
    return f"| {fault.number} | {fault.what} | {' | '.join(cells)} |"


def _cell(names: Sequence[str], lines: Sequence[Line]) -> str:
    mine = [line for line in lines if chosen(line["node"], names)]
    if not names:
        return ""
    wrong = [line["outcome"] for line in mine if line["outcome"] != "passed"]
    kills = sum(_counted(mine, "kills"))
    told = f"{len(mine) - len(wrong)}" + (f", {kills:,} kills" if kills else "")
    return told + (f" **{len(wrong)} {'/'.join(sorted(set(wrong)))}**" if wrong or not mine else "")


def _controls(lines: Sequence[Line]) -> str:
    cells = []
    for where in COUNTERPARTS:
        mine = [line for line in lines if chosen(line["node"], CONTROLS.get(where, ()))]
        cells.append(f"{sum(_counted(mine, 'doubled'))}" if mine else "")
    return " | ".join(cells)


def _counted(lines: Sequence[Line], what: str) -> list[int]:
    return [int(line["counts"].get(what, 0)) for line in lines]
