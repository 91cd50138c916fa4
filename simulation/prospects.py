"""Who could become a customer: the fixed traits of one generation, drawn before anything is decided."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulation.columns import Columns
from simulation.days import Flags, Floats, Ints
from simulation.streams import stream
from simulation.world import World

SEGMENTS = ("smb", "mid_market", "enterprise")
MODULES: dict[str, tuple[tuple[str, str], ...]] = {
    "projects": (("boards", "core"), ("timeline", "core"), ("templates", "advanced"), ("dependencies", "advanced")),
    "documents": (("editor", "core"), ("sharing", "core"), ("version_history", "advanced")),
    "reporting": (("dashboards", "core"), ("exports", "core"), ("custom_metrics", "advanced")),
    "automation": (("rules", "core"), ("schedules", "advanced"), ("webhooks", "advanced")),
    "integrations": (("chat_sync", "core"), ("calendar_sync", "core"), ("crm_sync", "advanced")),
    "planning": (("workload", "core"), ("budgets", "advanced"), ("forecasts", "advanced"), ("scenarios", "advanced")),
}
_MODULE_REACH = (1.0, 0.95, 0.80, 0.55, 0.60, 0.35)
_SIZE_SIGMA = 1.2
_SIZE_IN_HISTORY = 0.78
"""ARR relative to today's average when an account enters the emitted history: accounts that stay grow."""
_SIZE_OF_FIRST = 0.75
"""ARR at signing of the first generation relative to the later ones: it has burn-in years to grow before."""


@dataclass(frozen=True)
class Prospects(Columns):
    """One row a prospect."""

    size: Floats
    """ARR at signing, in currency, before the book is scaled to its total."""
    segment: Ints
    """Index into SEGMENTS: what the account behaves like."""
    term_months: Ints
    """1, 12, 24 or 36."""
    notice_days: Ints
    billed_monthly: Flags
    auto_renew: Flags
    modules: Flags
    """Entitled modules, one column each, in the order of MODULES."""
    api: Flags
    fit: Floats
    """Hidden fit in log-odds of not renewing: no table shows it."""
    usage_level: Floats
    """Log of the account's ordinary activity relative to others: habit, not risk."""
    phase: Floats
    """Share of the first term that has passed when the simulation begins (first generation only)."""
    vacancy: Ints
    """Days between the predecessor's last day and this account's first."""


def segment_of(arr: Floats, world: World) -> Ints:
    """Segment index by ARR; a boundary belongs to the larger segment."""
    return np.searchsorted([world.mid_market_from, world.enterprise_from], arr, side="right").astype(np.int64)


def draw_prospects(world: World, size: int, generation: int) -> Prospects:
    """`size` prospects; equal seed and generation give equal prospects."""
    rng = stream(world.seed, f"prospects-{generation}", world.draw)
    # Stratified quantiles: a book of a few hundred then has its few large accounts, not none or many.
    normal = _normal_quantile((rng.permutation(size) + rng.random(size)) / size)
    relative = np.clip(np.exp(_SIZE_SIGMA * normal - _SIZE_SIGMA**2 / 2), 0.07, 14.0)
    arr = world.arr_total / world.accounts * _SIZE_IN_HISTORY * relative
    segment = segment_of(arr, world)
    monthly = rng.random(size) >= np.array(world.annual_share)[segment]
    multi = ~monthly & (rng.random(size) < np.array(world.multi_year_share)[segment])
    term = np.where(monthly, 1, np.where(multi, rng.choice([24, 36], size), 12)).astype(np.int64)
    notice = rng.choice([0, 30, 60, 90], size, p=world.notice_share)
    return Prospects(
        size=arr * (_SIZE_OF_FIRST if generation == 0 else 1.0),
        segment=segment,
        term_months=term,
        notice_days=np.where(monthly, 0, notice).astype(np.int64),
        billed_monthly=monthly | (rng.random(size) < np.where(multi, 0.3, 0.7)),
        auto_renew=monthly | (rng.random(size) < 0.7),
        modules=rng.random((size, len(MODULES))) < np.array(_MODULE_REACH),
        api=rng.random(size) < 0.2,
        fit=rng.normal(0.0, world.hidden_fit_sd, size),
        usage_level=rng.normal(0.0, 0.30, size),
        phase=rng.random(size),
        vacancy=rng.integers(2, 36, size),
    )


def _normal_quantile(share: Floats) -> Floats:
    """Standard normal quantiles through a tabulated distribution function: close to 1e-4, and no further library."""
    grid = np.linspace(-4.5, 4.5, 20_001)
    density = np.exp(-(grid**2) / 2)
    cumulative = np.cumsum(density) / density.sum()
    return np.interp(share, cumulative, grid)
