"""A generated section of a page that people write: what stands between its two markers."""

from __future__ import annotations

from pathlib import Path


def put(page: Path, name: str, text: str) -> None:
    """Write `text` between the markers of `name`; both are made at the end where they are missing, the rest stays."""
    begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
    whole = page.read_text(encoding="utf-8") if page.exists() else f"# Reliability\n\n{begin}\n{end}\n"
    if begin not in whole:
        whole = f"{whole.rstrip()}\n\n{begin}\n{end}\n"
    before, _, rest = whole.partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
