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
        """A record goes to the recycle bin: its external id is free again."""
        with self.org.lock:
            number = table.number(text)
            if number is None:
                raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
            row = table.rows[number]
            for place in table.index:
                table.forget(place, row[place], number)
            row = table.rows[number] = row[:]
            row[DELETED] = True
            row[table.places["systemmodstamp"]] = now()
            row[table.places["lastmodifiedbyid"]] = by or self.org.person

    def undelete(self, table: Table, text: str) -> None:
        """A record comes back from the recycle bin."""
        with self.org.lock:
            number = table.number(text)
            if number is not None and table.rows[number][DELETED]:
                table.rows[number][DELETED] = False
                for place in table.index:
                    table.remember(place, table.rows[number][place], number)

    def merge(self, master: str, losers: list[str]) -> None:
        """Accounts become one: the losers are deleted and name the master, their tasks go over to it (documented)."""
        accounts, tasks = self.org.tables["Account"], self.org.tables["Task"]
        with self.org.lock:
            for loser in losers:
                self.delete(accounts, loser)
                number = accounts.number(loser)
                assert number is not None
                accounts.rows[number][accounts.places["masterrecordid"]] = master
            for place in (tasks.places["whatid"], tasks.places["accountid"]):
                for row in tasks.rows:
                    if row[place] in losers:
                        row[place] = master
