"""Writing: all or nothing, and never over somebody else's files."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from serving.workbench.pages import BRIEFS, AccountView, Book, page_name, write_site
from serving.workbench.pages.navigation import NAVIGATION
from serving.workbench.pages.render import ASSETS
from tests.serving.pages.conftest import EVIL
from tests.serving.pages.views import views

ROOT = Path(__file__).parents[3]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_page_without_figures_says_which_command_brings_them(book: Book, tmp_path: Path) -> None:
    folder = write_site(book, tmp_path / "site", {"policy": views(EVIL)["policy"]}).parent
    for entry in NAVIGATION:
        missing = f"Not computed for 6 Jan 2025. <code>{entry.command}</code>" in (folder / entry.file).read_text(
            "utf-8"
        )
        assert missing == (entry.name not in ("accounts", "policy")), entry.name


def test_briefs_lie_in_a_folder_of_their_own_and_go_with_the_next_edition(book: Book, tmp_path: Path) -> None:
    brief = {f"{BRIEFS}/acc_00012.html": "<h1>Review</h1>"}
    folder = write_site(book, tmp_path / "site", briefs=brief).parent
    assert (folder / "qbr" / "acc_00012.html").read_text("utf-8") == "<h1>Review</h1>"
    write_site(book, folder)
    assert not (folder / "qbr").exists()


def test_every_account_has_a_page_and_progress_reaches_the_end(book: Book, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    index = write_site(book, tmp_path / "deep" / "site", progress=lambda done, total: seen.append((done, total)))
    assert index == tmp_path / "deep" / "site" / "index.html"
    names = {f"accounts/{page_name(account.account_id)}" for account in book.accounts}
    assert contents(index.parent).keys() == names | {entry.file for entry in NAVIGATION} | set(ASSETS)
    assert seen == [(n, 12) for n in range(1, 13)]


def test_the_same_book_gives_the_same_bytes(book: Book, site: Path, tmp_path: Path) -> None:
    again = write_site(replace(book, accounts=book.accounts[::-1]), tmp_path / "site", views(EVIL))
    assert contents(again.parent) == contents(site)


def test_pages_of_accounts_that_left_the_book_go(book: Book, tmp_path: Path) -> None:
    folder = write_site(book, tmp_path / "site").parent
    write_site(replace(book, accounts=book.accounts[:1]), folder)
    assert [path.name for path in (folder / "accounts").iterdir()] == ["acc_00012.html"]
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, OSError("No space left on device")])
def test_an_interrupted_run_leaves_the_old_site_as_it_was(book: Book, tmp_path: Path, stop: BaseException) -> None:
    folder = write_site(book, tmp_path / "site").parent
    before = contents(folder)

    def interrupt(done: int, total: int) -> None:
        if done == 5:
            raise stop

    with pytest.raises((KeyboardInterrupt, OSError)):
        write_site(replace(book, title="New"), folder, progress=interrupt)
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_killed_run_leaves_the_old_site_and_the_next_one_tidies_up(book: Book, tmp_path: Path) -> None:
    folder = write_site(replace(book, accounts=[]), tmp_path / "site").parent
    before = contents(folder)
    child = os.fork()
    if child == 0:
        # The first page is written; the process ends as a kill would end it, with nothing put in order.
        write_site(book, folder, progress=lambda done, total: os._exit(9))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 9
    assert contents(folder) == before
    assert {path.name for path in tmp_path.iterdir()} == {"site", ".site.new"}
    write_site(book, folder)
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_a_run_killed_between_the_two_renames_is_undone_by_the_next(book: Book, tmp_path: Path) -> None:
    folder = write_site(book, tmp_path / "site").parent
    before = contents(folder)
    folder.rename(tmp_path / ".site.old")

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_site(replace(book, title="New"), folder, progress=interrupt)
    assert contents(folder) == before


def test_a_folder_with_other_files_is_refused_and_untouched(book: Book, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis.txt").write_text("years of work")
    with pytest.raises(FileExistsError, match="Choose an empty or new folder"):
        write_site(book, tmp_path / "home")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "index.html").write_text("<h1>Another site</h1>")
    with pytest.raises(FileExistsError):
        write_site(book, tmp_path / "other")
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(FileExistsError):
        write_site(book, tmp_path / "file")
    assert (tmp_path / "home" / "thesis.txt").read_text() == "years of work"
    assert (tmp_path / "other" / "index.html").read_text() == "<h1>Another site</h1>"


def test_an_empty_folder_and_an_empty_book_are_fine(book: Book, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    index = write_site(replace(book, accounts=[], known_losses=[], unavailable=[]), tmp_path / "site")
    assert "There are no accounts in this book." in index.with_name("accounts.html").read_text("utf-8")


def test_an_account_that_stands_twice_is_an_error_that_names_it(
    book: Book, northwind: AccountView, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="'acc_00012' more than once"):
        write_site(replace(book, accounts=[northwind, northwind]), tmp_path / "site")
    assert not list(tmp_path.iterdir())


def test_half_a_surrogate_pair_costs_one_character_not_the_site(
    book: Book, northwind: AccountView, tmp_path: Path
) -> None:
    index = write_site(
        replace(book, accounts=[replace(northwind, account_id="\ud800", name="a\ud800b")]), tmp_path / "site"
    )
    assert "a?b" in index.with_name("accounts.html").read_text("utf-8")
