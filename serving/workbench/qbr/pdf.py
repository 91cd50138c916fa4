"""A page as PDF: the same bytes for the same page, and nothing fetched from anywhere."""

from __future__ import annotations

import logging

from policy.errors import SettingsError

CURE = "Run `apt-get install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0`, or use --no-pdf for the HTML alone."


def pdf(page: str) -> bytes:
    """The PDF of an HTML page. Raises SettingsError where the libraries that draw text are not installed."""
    # Weasyprint tells of every rule for screens that paper has no use for.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    logging.getLogger("fontTools").setLevel(logging.ERROR)
    try:
        from weasyprint import HTML
        from weasyprint.urls import URLFetcher
    except OSError as exc:
        raise SettingsError(f"a PDF cannot be drawn: {exc}.", where="weasyprint", cure=CURE) from exc
    # A page is whole in itself: nothing is fetched, whatever it names.
    found: bytes = HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=())).write_pdf()
    return found
