"""What a person sees: progress on stderr, results on stdout, one JSON object where asked for."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable
from typing import Any


class Console:
    """Progress goes to stderr always; with `as_json`, stdout holds exactly one JSON object."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json
        self._started = time.monotonic()

    def progress(self, message: str) -> None:
        """One line on stderr with the seconds since the start."""
        sys.stderr.write(f"{time.monotonic() - self._started:7.1f} s  {message}\n")
        sys.stderr.flush()

    def counter(self, what: str) -> Callable[[int, int], None]:
        """A progress callback (done, total) that prints about ten lines however long the work."""
        last = [-1]

        def count(done: int, total: int) -> None:
            tenth = 10 * done // total if total else 10
            if tenth != last[0]:
                last[0] = tenth
                self.progress(f"{done:,} of {total:,} {what}")

        return count

    def result(self, found: Any) -> None:
        """The JSON object, where asked for. NaN is refused: undefined is null."""
        if self.as_json:
            sys.stdout.write(json.dumps(found, allow_nan=False, default=str) + "\n")

    def result_in_pieces(self, pieces: Iterable[str]) -> None:
        """The same, from its text piece by piece: an object that is too long for memory."""
        if self.as_json:
            sys.stdout.writelines(pieces)
            sys.stdout.write("\n")

    def say(self, text: str) -> None:
        """A line for people on stdout; silent under --json."""
        if not self.as_json:
            sys.stdout.write(text + "\n")

    def show(self, renderable: Any) -> None:
        """Rich tables and panels for people; silent under --json."""
        if not self.as_json:
            from rich.console import Console as Rich

            Rich(file=sys.stdout, highlight=False, soft_wrap=False).print(renderable)

    def failure(self, code: int, where: str, message: str, cure: str, **beside: Any) -> None:
        """What went wrong, where, and the cure; `beside` it stands in the JSON object what was done all the same."""
        if self.as_json:
            error = {"code": code, "where": where, "message": message, "cure": cure}
            sys.stdout.write(json.dumps({"error": error, **beside}, allow_nan=False) + "\n")
        head = f"{where}: " if where else ""
        sys.stderr.write(f"\nError: {head}{message}\n")
        if cure:
            sys.stderr.write(f"Cure:  {cure}\n")


def other_failure(error: Exception, console: Console) -> int:
    """Exit code 2 for what the command line itself refuses, 1 for a bug of ours."""
    if hasattr(error, "format_message") and hasattr(error, "exit_code"):
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "churn"
        console.failure(2, command, error.format_message(), f"See `{command} --help`.")
        return 2
    if type(error).__name__ == "Abort":
        console.failure(2, "churn", "interrupted.", "Run the command again; it goes on where it stopped.")
        return 2
    import traceback

    traceback.print_exc()
    console.failure(1, type(error).__name__, str(error), "This is a bug: please report it with the lines above.")
    return 1
