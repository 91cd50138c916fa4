"""Which tests run on one worker: those of a file, and all of tests/pipelines, whose small company is made once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from xdist.scheduler import LoadScopeScheduling

TOGETHER = "tests/pipelines/"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest group comes first: the other worker does the rest meanwhile."""
    items.sort(key=lambda item: not item.nodeid.startswith(TOGETHER))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    """A scheduler of our own: `--dist loadgroup` of xdist 3.8 does nothing under pytest 9.2, which reads no `_nodeid`."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return TOGETHER if nodeid.startswith(TOGETHER) else nodeid.partition("::")[0]

    return ByFile(config, log)
