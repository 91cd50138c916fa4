"""Values without a server: a column read at once is what its cells are one by one, and edges of what is kept."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.crm.salesforce_csv import taken_apart
from tests.crm.salesforce_schema import make_field
from tests.crm.salesforce_values import LEAVE, Refused, Unreadable, column, from_cell, from_json, moment

KINDS: list[dict[str, Any]] = [
    {"name": "T__c", "type": "Text", "length": 12},
    {"name": "P__c", "type": "Picklist", "values": ["v1", "v2"], "restricted": True},
    {"name": "E__c", "type": "Email"},
    {"name": "N__c", "type": "Number", "precision": 6, "scale": 2},
    {"name": "R__c", "type": "Number", "precision": 6, "scale": 2, "rounds": True},
    {"name": "I__c", "type": "Int"},
    {"name": "B__c", "type": "Checkbox"},
    {"name": "D__c", "type": "Date"},
    {"name": "M__c", "type": "DateTime"},
    {"name": "L__c", "type": "Lookup"},
]
ODD = [
    "",
    "#N/A",
    " ",
    "x" * 13,
    "😀" * 6,
    "😀" * 7,
    "NaN",
    "1_0",
    "inf",
    "1e9",
    "-1e3",
    " 1",
    "v1",
    "true",
    "a@b.c",
    "001Hs0000000001",
]


def plain(kept: Any) -> Any:
    """A refusal as what it says, so that two of them can be compared."""
    return kept.in_csv() if isinstance(kept, Refused) else kept


@pytest.mark.parametrize("spec", KINDS, ids=lambda spec: spec["type"])
@pytest.mark.parametrize("odd", [0, 1, 16])
def test_a_column_read_at_once_is_what_its_cells_are_one_by_one(spec: dict[str, Any], odd: int) -> None:
    drawn = random.Random(odd)
    for last in ODD[:odd] or ["1"]:
        cells = [f"{drawn.random() * 900:.5f}" for _ in range(2_500)] + (ODD if odd == 16 else [last])
        field = make_field(spec)
        assert list(map(plain, column(field, cells))) == [plain(from_cell(make_field(spec), cell)) for cell in cells]


def test_a_character_beyond_the_basic_plane_counts_twice_against_the_length() -> None:
    field = make_field({"name": "T__c", "type": "Text", "length": 12})
    assert from_json(field, "😀" * 6) == "😀" * 6
    with pytest.raises(Refused, match="max length=12"):
        from_json(field, "😀" * 7)
    with pytest.raises(Unreadable):
        from_json(field, "\ud83d")


def test_an_empty_cell_is_left_and_a_blank_one_is_null() -> None:
    field = make_field({"name": "T__c", "type": "Text"})
    assert column(field, ["", " ", "#N/A", " a "]) == [LEAVE, None, None, "a"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-03-29T02:30:00+01:00", "2026-03-29T01:30:00.000+0000"),
        ("2026-01-05T09:00:00.5Z", "2026-01-05T09:00:00.500+0000"),
        ("2026-01-05T23:30:00-0130", "2026-01-06T01:00:00.000+0000"),
        ("2026-01-05T24:00:00Z", None),
        ("2026-13-05T09:00:00Z", None),
        ("1699-12-31T09:00:00Z", None),
        ("2026-01-05", None),
    ],
)
def test_a_moment_is_kept_in_utc_or_not_at_all(sent: str, kept: str | None) -> None:
    assert moment(sent) == kept


def test_an_upload_is_taken_apart_with_the_text_of_each_row_as_it_was() -> None:
    upload = taken_apart(b'A,B\n1,"two\n""lines"""\n3,4', delimiter="COMMA", line_ending="LF")
    assert upload.header == ["A", "B"]
    assert upload.rows == ['1,"two\n""lines"""', "3,4"]
    assert upload.cells(0, 2) == [["1", 'two\n"lines"'], ["3", "4"]]
