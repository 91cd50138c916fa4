"""One call to Salesforce's API: signed in, and its refusals told apart."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from policy.errors import DeliveryIncomplete
from serving.writeback.destination import Busy
from serving.writeback.salesforce_sign_in import SignIn
from serving.writeback.web import NoAnswer, Web, retry_after, told

log = logging.getLogger(__name__)
DAY_IS_OVER = 3600.0
"""Seconds after which to look whether the rolling 24 hours have calls left again."""
CROWDED = 30.0


class Refused(Exception):
    """Salesforce answered with an error: its HTTP status, its code, and its message, which may quote a row's value."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code)
        self.status, self.code, self.message = status, code, message

    @property
    def passing(self) -> bool:
        """Whether it may be another answer in a while."""
        return self.status >= 500

    @property
    def label(self) -> str:
        """A code for the ledger."""
        return self.code or f"http_{self.status}"


class Calls:
    """The API of one org at one version."""

    def __init__(self, web: Web, sign_in: SignIn, version: str, clock: Callable[[], float]) -> None:
        self.web, self.sign_in, self.clock = web, sign_in, clock
        self.root = f"/services/data/{version}"
        self._busy: Busy | None = None

    def begin(self) -> None:
        """The engine asks for something anew: it has waited as long as it was asked to."""
        self._busy = None

    def ask(self, method: str, path: str, *, json: Any = None, content: bytes | None = None, csv: bool = False) -> Any:
        """The answer, where it is none of an error. A token that expired is replaced once.

        Raises Busy where nothing was done and it asked to be left alone, from then on without a call; NoAnswer,
        Refused; DeliveryIncomplete where nobody will answer better later.
        """
        if self._busy is not None:
            raise Busy(self._busy.after, self._busy.code)
        try:
            return self._asked(method, path, json, content, csv=csv)
        except Busy as busy:
            self._busy = busy if busy.after is not None else None
            raise

    def _asked(self, method: str, path: str, json: Any, content: bytes | None, *, csv: bool) -> Any:
        path = path if path.startswith("/services/") else self.root + path
        headers = {"Content-Type": "text/csv; charset=UTF-8"} if content is not None else {}
        headers["Accept"] = "text/csv" if csv else "application/json"
        for again in (False, True):
            headers["Authorization"] = f"Bearer {self.sign_in.bearer()}"
            answer = self.web.ask(method, path, headers=headers, json=json, content=content)
            if answer.status_code != 401:
                break
            self.sign_in.expired()
            if again:
                cure = "See whether the user is locked or the app's policies forbid its sessions."
                raise DeliveryIncomplete("it refuses a session it has just given.", where=self.web.where, cure=cure)
            log.info("%s: the session is over; signing in anew", self.web.where)
        if answer.status_code < 300:
            return answer
        raise self._refusal(answer)

    def asked(self, method: str, path: str, *, json: Any = None) -> Any:
        """The answer's JSON; one that cannot be read is none."""
        answer = self.ask(method, path, json=json)
        try:
            return answer.json()
        except ValueError as exc:
            raise NoAnswer("the answer is no JSON", sent=True) from exc

    def read(self, path: str) -> Any:
        """The JSON of a call that changes nothing: whatever may pass is Busy."""
        try:
            return self.asked("GET", path)
        except NoAnswer as lost:
            raise Busy(code="no_answer") from lost
        except Refused as no:
            if no.passing:
                raise Busy(code=f"http_{no.status}") from no
            raise

    def stopped(self, no: Refused, what: str) -> DeliveryIncomplete:
        """The end of a delivery that no later try makes better."""
        cure = "`salesforce_setup.setup` says what is missing; the rows wait for the next run."
        return DeliveryIncomplete(f"{what} ({no.label}).", where=self.web.where, cure=cure)

    def _refusal(self, answer: Any) -> Exception:
        status, (code, message) = answer.status_code, _error(answer)
        after = retry_after(answer, self.clock)
        if code == "REQUEST_LIMIT_EXCEEDED":
            # Two limits share the code: the calls of 24 hours, and the long calls at one time.
            return Busy(after or (CROWDED if "oncurrent" in message else DAY_IS_OVER), code)
        if status == 429 or (status == 503 and after is not None):
            return Busy(CROWDED if after is None else after, code or f"http_{status}")
        if status == 403:
            cure = "Give the integration's user API access, and read and edit rights on accounts, tasks and our fields."
            return DeliveryIncomplete(f"it forbids a call ({code or status}).", where=self.web.where, cure=cure)
        return Refused(status, code, message)


def _error(answer: Any) -> tuple[str, str]:
    try:
        body = answer.json()
    except ValueError:
        return "", ""
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return "", ""
    return told(first.get("errorCode") or "")[:80], told(first.get("message") or "")
