"""The mood of messages: from their text where the source gives no number, the same every time."""

from __future__ import annotations

from typing import Any

import pytest

from data_contracts.facts import Facts
from features.mood import VERSION, with_moods
from tests.features.building import at, connect, facts_of, frames_of

GLAD, ANGRY = "Thank you, this works great, we love it.", "This is terrible, nothing works and I am angry."


def message(text: str | None, **changes: Any) -> dict[str, Any]:
    return {
        "message_id": "m",
        "ticket_id": "t",
        "sent_at": at("2025-05-01"),
        "author": "customer",
        "text": text,
        **changes,
    }


def moods(*rows: dict[str, Any]) -> list[float | None]:
    """The mood of each message, by id and then by version."""
    engine = connect()
    engine.create_database("accepted")
    numbered = [{**row, "message_id": row.get("message_id") or f"m{i}"} for i, row in enumerate(rows)]
    facts = with_moods(facts_of(frames_of({"ticket_messages": numbered}), connection=engine), engine)
    frame = facts.tables["ticket_messages"].to_pandas().sort_values(["message_id", "known_at"])
    return [None if m != m else m for m in frame["sentiment"]]


def test_a_text_without_a_number_is_read_by_the_word_list() -> None:
    glad, angry = moods(message(GLAD), message(ANGRY))
    # The list says thank 1.5, great 3.1, love 3.2; terrible -2.1, angry -2.3; the compound is s / sqrt(s² + 15).
    assert glad == pytest.approx(7.8 / (7.8**2 + 15) ** 0.5, abs=1e-4)
    assert angry == pytest.approx(-4.4 / (4.4**2 + 15) ** 0.5, abs=1e-4)
    assert VERSION == "vader-3.3.2"


def test_a_number_that_was_delivered_stays_and_ours_are_not_read() -> None:
    assert moods(message(ANGRY, sentiment=0.5), message(ANGRY, author="agent"), message(None)) == [0.5, None, None]


def test_a_message_that_was_restated_keeps_one_row_a_version() -> None:
    first = message(GLAD, message_id="m", known_at=at("2025-05-01"))
    glad, angry = moods(first, {**first, "text": ANGRY, "known_at": at("2025-05-09")})
    assert glad is not None
    assert angry is not None
    assert glad > 0 > angry


def test_a_book_without_messages_is_left_as_it_is() -> None:
    facts = Facts({})
    assert with_moods(facts, None) is facts
