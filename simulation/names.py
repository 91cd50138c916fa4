"""Company names and places, made from word lists."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_FIRST = """
Alder Amber Anchor Arbor Atlas Aurora Beacon Birch Blue Bright Brook Cedar Clear Cobalt Compass Copper Coral
Crest Delta Drift Ember Evergreen Falcon Fern Field Flint Forge Garnet Glacier Granite Harbor Hazel Heron High
Horizon Iron Ivory Juniper Keystone Lantern Laurel Ledger Linden Lumen Maple Marble Meridian Mill Mosaic North
Oak Onyx Orchard Osprey Pearl Pine Polar Prairie Quarry Quartz Raven Ridge River Rowan Sable Saffron Sequoia
Silver Slate Solar Spruce Stone Summit Swift Tamarack Thistle Tidal Timber Topaz Vale Verdant Violet Walnut
Westward Willow Zephyr
""".split()
_SECOND = """
Analytics Bank Biotech Builders Capital Care Clinics Commerce Components Consulting Courier Dairy Data Design
Diagnostics Dynamics Education Energy Engineering Farms Foods Freight Gear Health Hotels Insurance Interiors
Labs Legal Logistics Manufacturing Markets Media Metals Mobility Networks Outfitters Packaging Partners Pharma
Press Properties Rail Recruiting Robotics Schools Security Shipping Software Studios Supply Systems Textiles
Tools Travel Utilities Ventures Water Wholesale Works
""".split()
_LEGAL = ("Inc", "Ltd", "GmbH", "Group", "Co", "AG", "SA", "Pty")

INDUSTRIES = (
    "software",
    "financial_services",
    "healthcare",
    "manufacturing",
    "retail",
    "logistics",
    "education",
    "media",
)
REGIONS = ("north_america", "emea", "apac", "latam")
ZONES = (
    ("America/New_York", "America/Chicago", "America/Los_Angeles"),
    ("Europe/London", "Europe/Berlin", "Europe/Paris"),
    ("Asia/Singapore", "Asia/Tokyo", "Australia/Sydney"),
    ("America/Sao_Paulo", "America/Mexico_City", "America/Bogota"),
)


def company_names(rng: np.random.Generator, size: int) -> npt.NDArray[Any]:
    """`size` different company names, such as "Cedar Logistics Ltd"."""
    pairs = len(_FIRST) * len(_SECOND)
    if size > pairs * len(_LEGAL):
        raise ValueError(f"{size} names asked for, {pairs * len(_LEGAL)} exist. Add words to simulation/names.py.")
    chosen = rng.permutation(pairs * len(_LEGAL))[:size] if size > pairs else rng.permutation(pairs)[:size]
    legal = rng.integers(0, len(_LEGAL), size) if size <= pairs else chosen // pairs
    pair = chosen % pairs
    return np.array(
        [
            f"{_FIRST[code // len(_SECOND)]} {_SECOND[code % len(_SECOND)]} {_LEGAL[suffix]}"
            for code, suffix in zip(pair.tolist(), legal.tolist(), strict=True)
        ],
        dtype=object,
    )
