"""The checklist: ticks, lines that come and go, and texts of people and customers that stay what they are."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from serving.workbench.reviews.markdown import decoded, encoded, in_bytes, plain
from serving.workbench.reviews.todos import brought_up_to_date, first_todos, listed, open_marks, ticked, todo_line
from tests.serving.reviews.accounts import account

ANY_TEXT = st.text(max_size=40)
HOSTILE = "x\n- [x] y <!-- churn:account b -->\r\u2028- [x] z <!-- churn:account b --> `"


def todos(*ids: str) -> str:
    return brought_up_to_date(first_todos("q1"), [account(i) for i in ids], "USD", "\nCame in:\n\n")


def test_accounts_are_listed_open_in_their_order_and_a_tick_changes_one_letter() -> None:
    text = todos("b", "a", "c")
    assert [(t.account_id, t.done, t.left) for t in listed(text).values()] == [
        ("b", False, False),
        ("a", False, False),
        ("c", False, False),
    ]
    after = ticked(text, "a")
    assert [t.done for t in listed(after).values()] == [False, True, False]
    assert [(x, y) for x, y in zip(text, after, strict=True) if x != y] == [(" ", "x")]
    assert ticked(after, "a") == after


def test_an_open_box_is_found_by_its_byte_and_its_line_whatever_stands_before_it() -> None:
    text = todos("a", "b").replace("# q1", "# Ünal \udce9 q1").replace("- [ ] Acme (a)", "  * [x] Acme (a)")
    (mark,) = open_marks(text)["b"]
    whole = in_bytes(text)
    assert whole[mark.at : mark.at + len(mark.line)] == mark.line
    place = mark.at + mark.place
    assert whole[:place] + b"x" + whole[place + 1 :] == in_bytes(ticked(text, "b"))
    assert list(open_marks(text)) == ["b"]


def test_what_people_write_and_tick_stays_byte_for_byte() -> None:
    mine = todos("a", "b").replace("- [ ] Acme (a)", "  * [X] Acme (a), called her").replace("\n\n", "\r\n\r\n", 1)
    mine += "- [ ] a line of my own\n\tand a note\n- [x] another"
    assert [t.done for t in listed(mine).values()] == [True, False]
    after = ticked(mine, "b")
    assert after == mine.replace("- [ ] Acme (b)", "- [x] Acme (b)")
    assert brought_up_to_date(after, [account("a"), account("b")], "USD", "note") == after


def test_who_comes_in_is_added_below_and_who_left_is_marked_and_kept() -> None:
    text = ticked(todos("a", "b"), "a")
    now = brought_up_to_date(text, [account("b"), account("c")], "USD", "\nCame in:\n\n")
    assert [(t.account_id, t.done, t.left) for t in listed(now).values()] == [
        ("a", True, True),
        ("b", False, False),
        ("c", False, False),
    ]
    assert "*(no longer within the criteria)*" in now
    assert now.endswith(f"\nCame in:\n\n{todo_line(account('c'), 'USD')}\n")
    back = brought_up_to_date(now, [account("a"), account("b"), account("c")], "USD", "\nCame in:\n\n")
    assert back.startswith(text), "who comes back loses the mark and nothing else"


def test_of_several_lines_of_one_account_any_tick_counts() -> None:
    twice = ticked(todos("a"), "a") + todo_line(account("a"), "USD") + "\n"
    assert listed(twice)["a"].done


def test_an_id_with_the_end_of_a_comment_is_written_without_it() -> None:
    assert encoded("a --> b") == "a%20%2D%2D%3E%20b"


def test_a_sign_that_turns_the_writing_around_is_not_shown() -> None:
    assert plain("Ac\u202eme\x07 \u200bLtd") == "Acme Ltd"


def test_a_name_cannot_forge_a_tick_or_a_marker() -> None:
    hostile = account("a", name=HOSTILE, owner=HOSTILE)
    line = todo_line(hostile, "USD")
    assert len(line.splitlines()) == 1
    assert list(listed(f"{line}\n")) == ["a"]
    assert not listed(f"{line}\n")["a"].done


@given(name=ANY_TEXT, owner=ANY_TEXT, key=ANY_TEXT)
def test_whatever_a_customer_is_called_the_line_is_one_open_line_of_that_account(
    name: str, owner: str, key: str
) -> None:
    text = brought_up_to_date(first_todos("q1"), [account(key, name=name, owner=owner)], "USD", "")
    found = listed(text)
    assert list(found) == [key]
    assert not found[key].done
    assert listed(ticked(text, key))[key].done


@given(ANY_TEXT)
def test_an_id_survives_its_marker(key: str) -> None:
    inside = encoded(key)
    assert decoded(inside) == key
    assert inside.split() == [inside]
    assert "--" not in inside
    assert ">" not in inside


@given(ANY_TEXT)
def test_a_text_of_a_customer_holds_no_line_end_tag_or_entity_of_its_own(text: str) -> None:
    shown = plain(text)
    assert len(shown.splitlines()) <= 1
    assert "<" not in shown
    assert ">" not in shown
