"""A simulated B2B SaaS company with known truth, emitted as the raw source tables that the pipeline reads.

>>> from simulation import World, simulate
>>> sorted(simulate(World(accounts=20, arr_total=400_000.0, weeks=30, burn_in_weeks=26)).tables)[:3]
['accounts', 'crm_feedback', 'entitlements']
"""

from __future__ import annotations

from simulation.company import Company, simulate
from simulation.parquet import write_company
from simulation.world import World

__all__ = ["Company", "World", "simulate", "write_company"]
