"""The files of a review on disk: read as they are, replaced whole, appended to or ticked, and safe once a call returns."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from policy.errors import Locked, SettingsError
from serving.workbench.reviews.names import file_names
from serving.workbench.reviews.todos import Mark
from serving.writeback.lock import only_one

# What people save in another encoding stays byte for byte what it was.
ENCODING, ODD_BYTES = "utf-8", "surrogateescape"


class ReviewFiles:
    """The three files of one task id in one folder. Two ids share nothing; one id is worked on by one process at a time."""

    def __init__(self, folder: Path, task_id: str) -> None:
        self.folder, self.task_id = folder, task_id
        self.paths = {part: folder / name for part, name in file_names(task_id).items()}
        self._lock = folder / f".{task_id}.lock"
        self._next = folder / f".{task_id}.next"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the task's lock. Raises Locked where another process has it, SettingsError where a file is a link."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise SettingsError(
                f"the folder cannot be made: {exc.strerror}.", where="--folder", cure="Name one that can be written to."
            ) from exc
        for path in (*self.paths.values(), self._lock, self._next):
            if path.is_symlink():
                raise _link(path)
        refusal = Locked(
            "another process is working on this review; nothing was written.",
            where=self.task_id,
            cure="Wait until it has finished, then call it again; other task ids are free.",
        )
        with only_one(self._lock, refusal):
            yield

    def read(self, part: str) -> str | None:
        """A file's text; null where there is none."""
        try:
            with os.fdopen(_opened(self.paths[part], os.O_RDONLY), "rb") as file:
                return file.read().decode(ENCODING, ODD_BYTES)
        except FileNotFoundError:
            return None

    def replace(self, part: str, text: str) -> None:
        """Write the whole file anew: beside it, onto the disk, then in its place."""
        path = self.paths[part]
        beside = path.with_name(f".{path.name}.part")
        _written(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, text)
        if path.is_symlink():
            raise _link(path)
        beside.replace(path)
        self._folder_to_disk()

    def append(self, part: str, text: str) -> None:
        """Add to the end of a file, from a new line on, in one write, onto the disk.

        What is added is on the disk by itself before: of a write that was torn it is known how it would have gone on.
        """
        begun = self._within_a_line(part)
        _written(self._next, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, text)
        _written(self.paths[part], os.O_WRONLY | os.O_APPEND, f"\n{text}" if begun else text)

    def last_appended(self) -> str:
        """What was added last, whole or not; empty where nothing is left to be mended."""
        try:
            with os.fdopen(_opened(self._next, os.O_RDONLY), "rb") as file:
                return file.read().decode(ENCODING, ODD_BYTES)
        except FileNotFoundError:
            return ""

    def all_appended(self) -> None:
        """All that was to be added stands whole."""
        self._next.unlink(missing_ok=True)

    def tick(self, part: str, mark: Mark) -> bool:
        """Write the one byte of a box, onto the disk; false where the line does not stand there any more.

        A person may have changed the file, or put another in its place, since it was read.
        """
        file = _opened(self.paths[part], os.O_RDWR)
        try:
            if os.pread(file, len(mark.line), mark.at) != mark.line:
                return False
            os.pwrite(file, b"x", mark.at + mark.place)
            os.fsync(file)
            return os.fstat(file).st_ino == self.paths[part].stat().st_ino
        except FileNotFoundError:
            return False
        finally:
            os.close(file)

    def _within_a_line(self, part: str) -> bool:
        with os.fdopen(_opened(self.paths[part], os.O_RDONLY), "rb") as file:
            if not file.seek(0, os.SEEK_END):
                return False
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"

    def _folder_to_disk(self) -> None:
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _opened(path: Path, flags: int) -> int:
    try:
        return os.open(path, flags | os.O_NOFOLLOW, 0o644)
    except OSError as exc:
        if exc.errno == errno.ELOOP:
            raise _link(path) from exc
        if isinstance(exc, FileNotFoundError):
            raise
        raise SettingsError(
            f"the file cannot be opened: {exc.strerror}.", where=path.name, cure="Give access to it; call again."
        ) from exc


def _written(path: Path, flags: int, text: str) -> None:
    file = _opened(path, flags)
    try:
        left = memoryview(text.encode(ENCODING, ODD_BYTES))
        while left:
            left = left[os.write(file, left) :]
        os.fsync(file)
    finally:
        os.close(file)


def _link(path: Path) -> SettingsError:
    return SettingsError(
        "is a link, and a review writes to no other place.",
        where=path.name,
        cure="Put a file in its place, or choose another task id or --folder.",
    )
