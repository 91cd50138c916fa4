"""Which tests run on one worker: those of a file, and all files of the small company, which is made once."""

from __future__ import annotations

from pathlib import Path

import pytest

COMPANY = "company"


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in the same hook
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Name the group of every test (`--dist loadgroup`): a worker of its own for each file would train again.

    The company's group comes first: it is the longest, and the other worker does the rest meanwhile.
    """
    if not config.pluginmanager.hasplugin("xdist"):
        return
    wants = {item.path for item in items if COMPANY in getattr(item, "fixturenames", ())}
    items.sort(key=lambda item: item.path not in wants)
    for item in items:
        item.add_marker(pytest.mark.xdist_group(COMPANY if item.path in wants else _name(item.path)))


def _name(path: Path) -> str:
    return "/".join(path.parts[-3:])
