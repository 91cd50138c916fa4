"""The pages: the customer's holds nothing that we estimate, both are whole in themselves, the PDF is always the same."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policy.errors import SettingsError
from policy.policy import load_policy
from serving.workbench.qbr import Brief, Gate, brief, brief_page, pdf, sheet_page
from tests.serving.qbr.material import (
    DAY,
    SCORED,
    features,
    feedback,
    material,
    milestones,
    surveys,
    task,
    touchpoints,
)

POLICY = load_policy()
OURS_ALONE = re.compile(
    r"risk|churn|probab|health|score|tier\b|yellow|\bred\b|green|predict|model|likelihood|at-risk|signal|warning"
    r"|42\.?7|43\s?%|61\.?8|31[,.]?416|champion left|csm-07|expansion|internal|us only",
    re.IGNORECASE,
)


def full() -> Brief:
    given = material(
        features=features(*[{"seat_utilisation_28d": n / 10} for n in range(6)]),
        tables={
            "milestones": milestones(
                ("go_live", "goal", "2026-10-01", None), ("kickoff", "task", "2026-09-01", "2026-09-02")
            ),
            "touchpoints": touchpoints(
                ("feature_request", "2026-11-20", None, "Export <b>to</b> PDF"), ("call", "2026-11-21", None, "risk")
            ),
            "crm_feedback": feedback(("k1", "no_answer", "budget", "2026-11-20")),
            "survey_responses": surveys(("nps", 3.0, "2026-11-02", "We are thinking about leaving.")),
        },
        tasks=[task("k1", DAY, "Reach out: churn risk became high", "2026-11-04")],
        signals=["A key user is leaving, since 3 Nov 2026."],
        recovery="Not reachable by 30 December 2026: best = 71.",
    )
    return brief(given, POLICY, currency="USD")


def text_of(page: str) -> str:
    """What a reader may see or search, attributes included; our own style sheet is no text."""
    return re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)


def test_the_customers_sheet_holds_none_of_our_estimates_and_words_for_them() -> None:
    found = OURS_ALONE.search(text_of(sheet_page(full().sheet)))
    assert found is None, found


def test_our_brief_holds_all_of_them_and_says_for_whom_it_is() -> None:
    page = text_of(brief_page(full(), currency="USD"))
    for told in (
        "For us only",
        "43\u00a0%",
        "high",
        "yellow",
        "$31,416",
        "champion left",
        "thinking about leaving",
        "best = 71",
    ):
        assert told in page, told
    assert "Reach out: churn risk became high: no answer on 20 November 2026, because of budget." in page


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(["red", "yellow", "green", "unrated"]), st.sampled_from(["high", "low", None]), st.booleans())
def test_whatever_we_think_of_the_account_the_customer_reads_the_same(tier: str, risk: str | None, calm: bool) -> None:
    thought = {**SCORED, "health_tier": tier, "risk_tier": risk, "churn_probability": 0.99, "reason_1": "Anything."}
    plain = brief(material(), POLICY, currency="USD")
    other = brief(material(scored=thought, signals=["X"], gate=Gate(False, f"{calm}")), POLICY, currency="USD")
    assert sheet_page(other.sheet) == sheet_page(plain.sheet)


def test_every_text_is_escaped() -> None:
    page = sheet_page(full().sheet)
    assert "Granite &lt;Press&gt; &amp; Co" in page
    assert "Export &lt;b&gt;to&lt;/b&gt; PDF" in page
    assert "<Press>" not in page


@pytest.mark.parametrize("page", [sheet_page(full().sheet), brief_page(full(), currency="USD")])
def test_a_page_asks_for_nothing_outside_itself(page: str) -> None:
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)[^"']+|url\(|@import|<script""", page)
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page


def test_no_name_of_another_account_stands_on_a_page() -> None:
    assert "peer-" not in brief_page(full(), currency="USD")


def test_a_number_and_its_unit_stay_on_one_line() -> None:
    assert not re.search(r"\d %", text_of(sheet_page(full().sheet)))


def test_the_pdf_is_the_same_for_the_same_page_and_holds_its_title() -> None:
    page = sheet_page(full().sheet)
    first, again = pdf(page), pdf(page)
    assert first == again
    assert first.startswith(b"%PDF")
    assert pdf(sheet_page(brief(material(), POLICY, minutes=45, currency="USD").sheet)) != first


class Counting(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_error(404)

    def log_message(self, *_: Any) -> None:
        """Nothing on stderr."""


def test_the_pdf_fetches_nothing_whatever_a_page_says() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Counting) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        image = f'<img src="http://127.0.0.1:{server.server_port}/x.png" alt=""></main>'
        drawn = pdf(sheet_page(full().sheet).replace("</main>", image))
        server.shutdown()
        thread.join(10)
    assert drawn.startswith(b"%PDF")
    assert Counting.asked == []


def test_without_pango_the_cure_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import builtins

    real = builtins.__import__

    def no_pango(name: str, *rest: Any, **named: Any) -> Any:
        if name == "weasyprint":
            raise OSError("cannot load library 'libpango-1.0-0'")
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", no_pango)
    with pytest.raises(SettingsError, match=r"apt-get install libpango-1\.0-0 libpangoft2-1\.0-0 libharfbuzz-subset0"):
        pdf("<p>x</p>")
