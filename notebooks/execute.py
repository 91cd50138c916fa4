"""Run the notebooks as a reader would: `python notebooks/execute.py` stores their outputs, the tests throw them away.

With names (`python notebooks/execute.py 03_train_and_compare`) only those run. Stored outputs hold what the document
shows and nothing of the machine: no stderr, no timings.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
SECONDS = 300
KERNEL = {
    "JUPYTER_PLATFORM_DIRS": "1",
    # Threads that wait for each other sleep: on a busy machine the trees are fitted several times faster.
    "OMP_WAIT_POLICY": "PASSIVE",
    # Matrices of a few hundred columns gain nothing from threads that spin: on a busy machine they take ten times as long.
    "OPENBLAS_NUM_THREADS": "1",
}


def notebooks() -> list[Path]:
    """Every notebook, in reading order."""
    return sorted(FOLDER.glob("*.ipynb"))


def chosen(names: Sequence[str]) -> list[Path]:
    """The notebooks of these names, with or without `.ipynb`; all without any. Raises SystemExit for an unknown one."""
    known = {path.stem: path for path in notebooks()}
    wanted = [name.removesuffix(".ipynb") for name in names]
    if unknown := [name for name in wanted if name not in known]:
        raise SystemExit(f"There is no notebook `{unknown[0]}`. There are: {', '.join(known)}.")
    return [known[name] for name in wanted] or list(known.values())


def executed(path: Path) -> Any:
    """The notebook run from top to bottom in a fresh kernel; a failing cell raises."""
    import nbformat
    from nbclient import NotebookClient
    from traitlets.config import Config

    notebook = nbformat.read(path, as_version=4)
    # Files instead of ports: nobody else on the machine can listen in or take the port.
    config = Config({"KernelManager": {"transport": "ipc"}})
    # ipykernel's own default kernel: the interpreter that runs this, whatever kernels the machine knows.
    client = NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", record_timing=False, config=config)
    client.execute(env={**os.environ, **KERNEL})
    return notebook


def plain(notebook: Any) -> Any:
    """The notebook without stderr and without what names the machine."""
    for cell in notebook.cells:
        cell.metadata = {}
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("name") != "stderr"]
            for output in cell.outputs:
                if "metadata" in output:
                    output.metadata = {}
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    return notebook


if __name__ == "__main__":
    import nbformat

    for path in chosen(sys.argv[1:]):
        nbformat.write(plain(executed(path)), path)
        sys.stdout.write(f"{path.name}\n")
