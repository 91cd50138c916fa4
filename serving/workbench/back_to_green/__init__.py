"""What would bring an account's health back to green in time, at the least work, or that nothing within reach does (I8).

Every bound is what similar accounts really reached; every score told is computed anew from the changed row. What is said
are associations in past accounts.
"""

from __future__ import annotations

from serving.workbench.back_to_green.moves import applied
from serving.workbench.back_to_green.reach import achieved, history_dates, times
from serving.workbench.back_to_green.records import Change, Goal, Offer, Status, WayBack
from serving.workbench.back_to_green.ways import ways_back

__all__ = ["Change", "Goal", "Offer", "Status", "WayBack", "achieved", "applied", "history_dates", "times", "ways_back"]
