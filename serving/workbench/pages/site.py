"""Write the whole site into a folder, all of it or none."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path

from serving.workbench.pages.filenames import page_name
from serving.workbench.pages.navigation import NAVIGATION
from serving.workbench.pages.ranking import places, ranked
from serving.workbench.pages.render import ASSETS, GENERATOR, Pages, asset
from serving.workbench.pages.view import Book

BRIEFS = "qbr"
"""The folder of the business reviews that were prepared."""
_log = logging.getLogger(__name__)
_OURS = frozenset({*(entry.file for entry in NAVIGATION), "accounts", BRIEFS, *ASSETS})
_LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})

NO_VIEWS: Mapping[str, object] = {}
NO_PAGES: Mapping[str, str] = {}


def write_site(
    book: Book,
    folder: Path,
    views: Mapping[str, object] = NO_VIEWS,
    briefs: Mapping[str, str] = NO_PAGES,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Write every page of the navigation and accounts/*.html into `folder`; returns the path of index.html.

    `views` holds the record of a page by its name in the navigation; a page without one says what computes it.
    `briefs` holds further pages by their path, all in the folder `BRIEFS`.
    Everything is written beside `folder` and put in its place by two renames, so an interrupted run leaves the
    old site as it was, and pages of accounts that left the book go. `progress` gets (pages done, pages in all).
    Raises ValueError for an account id that stands twice, FileExistsError where `folder` holds anything else.
    """
    twice = [account_id for account_id, n in Counter(a.account_id for a in book.accounts).items() if n > 1]
    if twice:
        raise ValueError(f"`accounts` holds {twice[0]!r} more than once. Give each account one row, then write pages.")
    folder = folder.resolve()
    new, old = (folder.with_name(f".{folder.name}.{state}") for state in ("new", "old"))
    folder.parent.mkdir(parents=True, exist_ok=True)
    _recover(folder, old)
    _refuse_other_files(folder)
    _remove(new)
    try:
        _write(book, new, views, progress)
        for path, text in briefs.items():
            (new / BRIEFS).mkdir(exist_ok=True)
            _save(new / path, text)
        _swap(folder, new, old)
    except BaseException:
        _remove(new)
        raise
    _log.info("wrote %d account pages to %s", len(book.accounts), folder)
    return folder / "index.html"


def _write(book: Book, folder: Path, views: Mapping[str, object], progress: Callable[[int, int], None] | None) -> None:
    pages, accounts = Pages(book), ranked(book.accounts)
    place_of = places(accounts)
    (folder / "accounts").mkdir(parents=True)
    for name in ASSETS:
        _save(folder / name, asset(name))
    for entry in NAVIGATION:
        listed = entry.name == "accounts"
        _save(folder / entry.file, pages.accounts(accounts) if listed else pages.page(entry, views.get(entry.name)))
    for done, account in enumerate(accounts, 1):
        _save(folder / "accounts" / page_name(account.account_id), pages.account(account, place_of[account.account_id]))
        if progress is not None:
            progress(done, len(accounts))


def _save(path: Path, text: str) -> None:
    # "replace": half a surrogate pair from a broken export shall cost one character, not the whole site.
    path.write_bytes(text.encode("utf-8", "replace"))


def _swap(folder: Path, new: Path, old: Path) -> None:
    if not folder.exists():
        new.rename(folder)
        return
    folder.rename(old)
    try:
        new.rename(folder)
    except BaseException:
        old.rename(folder)
        raise
    _remove(old)


def _recover(folder: Path, old: Path) -> None:
    """Undo a run that was killed between the two renames, or tidy up after one killed just behind them."""
    if old.exists() and not folder.exists():
        old.rename(folder)
    _remove(old)


def _refuse_other_files(folder: Path) -> None:
    if not folder.exists():
        return
    index = folder / "index.html"
    names = {path.name for path in folder.iterdir()} - _LITTER if folder.is_dir() else {folder.name}
    marked = index.is_file() and GENERATOR in index.read_text("utf-8", "replace")[:2000]
    if names and not (names <= _OURS and marked):
        raise FileExistsError(
            f"{folder} holds files that are not a site of ours, and writing would delete them. "
            "Choose an empty or new folder for the pages."
        )


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
