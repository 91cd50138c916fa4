"""What people do in the org meanwhile: they edit, delete and merge records."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.crm.salesforce_save import Saved, Transaction, change_of
from tests.crm.salesforce_store import DELETED, ID, Org, Table, now
from tests.crm.salesforce_values import Refused, from_json


class People:
    """The org seen by a person in front of it."""

    def __init__(self, org: Org) -> None:
        self.org = org

    def ids(self, table: Table, asked: dict[str, Any]) -> list[str]:
        """The records meant: by `ids`, or by a `field` and its `keys`."""
        if "ids" in asked:
            return list(asked["ids"])
        place = table.places[asked["field"].lower()]
        wanted = {table.folded(place, key) for key in asked["keys"]}
        if place in table.index:
            return [table.rows[number][ID] for key in wanted for number in table.find(place, key)]
        return [row[ID] for row in table.live() if table.folded(place, row[place]) in wanted]

    def edit(self, table: Table, asked: dict[str, Any]) -> int:
        """A person changes fields of records; what the API may not write, a person may."""
        with self.org.lock:
            ids = self.ids(table, asked)
            for text in ids:
                change = change_of(table, {**asked["values"], "Id": text}, from_json)
                change = replace(change, plan=replace(change.plan, fixed=()))
                outcome = Transaction(self.org, table, by=self.org.person).save("update", ID, [change])[0]
                if not isinstance(outcome, Saved):
                    raise outcome
        return len(ids)

    def delete(self, table: Table, text: str, *, by: str | None = None) -> None:
        """A record goes to the recycle bin, an account with its tasks (deletions cascade, as documented)."""
        with self.org.lock:
            number = table.number(text)
            if number is None:
                raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
            at = now()
            for of, each in [(table, number), *self._tasks(table, text)]:
                if of.rows[each][DELETED]:
                    continue
                for place in of.index:
                    # Its external id is free again: an upsert with it makes a new record.
                    of.forget(place, of.rows[each][place], each)
                row = of.rows[each] = of.rows[each][:]
                row[DELETED], row[of.places["systemmodstamp"]] = True, at
                row[of.places["lastmodifiedbyid"]] = by or self.org.person

    def undelete(self, table: Table, text: str) -> None:
        """A record comes back from the recycle bin, an account with the tasks that went with it."""
        with self.org.lock:
            number = table.number(text)
            if number is None or not table.rows[number][DELETED]:
                return
            at = table.rows[number][table.places["systemmodstamp"]]
            for of, each in [(table, number), *self._tasks(table, text)]:
                row = of.rows[each] = of.rows[each][:]
                if row[DELETED] and row[of.places["systemmodstamp"]] == at:
                    row[DELETED] = False
                    for place in of.index:
                        of.remember(place, row[place], each)

    def _tasks(self, table: Table, text: str) -> list[tuple[Table, int]]:
        tasks = self.org.tables["Task"]
        place = tasks.places["whatid"]
        return [(tasks, n) for n, row in enumerate(tasks.rows) if row[place] == text] if table.name == "Account" else []

    def merge(self, master: str, losers: list[str]) -> None:
        """Accounts become one: their tasks go over to the master, the losers are deleted and name it (documented)."""
        accounts, tasks = self.org.tables["Account"], self.org.tables["Task"]
        with self.org.lock:
            for place in (tasks.places["whatid"], tasks.places["accountid"]):
                for row in tasks.rows:
                    if row[place] in losers:
                        row[place] = master
            for loser in losers:
                self.delete(accounts, loser)
                number = accounts.number(loser)
                assert number is not None
                accounts.rows[number][accounts.places["masterrecordid"]] = master
