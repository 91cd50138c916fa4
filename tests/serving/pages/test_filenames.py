import re

import pytest

from serving.workbench.pages import page_name

NASTY = ["a/b", "a\\b", "a b", "a:b", "..", ".", "", "🙂", "🙃", "A", "a", "con", "CON", "lpt1", "x" * 300]
NASTY += ["é", "e\u0301", '"', "\x00", "\ud800"]


def test_names_are_safe_on_every_file_system_and_differ_even_where_case_does_not_count() -> None:
    names = [page_name(account_id) for account_id in NASTY]
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,80}\.html", name) for name in names)
    assert len(set(names)) == len(NASTY)
    assert not {"con.html", "lpt1.html"} & set(names)


def test_an_id_that_looks_like_the_name_of_another_id_gets_a_name_of_its_own() -> None:
    assert page_name(page_name("A").removesuffix(".html")) != page_name("A")
    assert page_name(page_name("🙂").removesuffix(".html")) != page_name("🙂")


@pytest.mark.parametrize("account_id", ["acc_00012", "42", "northwind-eu"])
def test_a_plain_id_is_its_own_name(account_id: str) -> None:
    assert page_name(account_id) == f"{account_id}.html"
