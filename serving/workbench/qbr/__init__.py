"""The business review with a customer: what to tell in 45 or 60 minutes, the customer's sheet, and our preparation (Q1–Q4)."""

from __future__ import annotations

from serving.workbench.qbr.brief import Gate, Material, brief
from serving.workbench.qbr.pdf import pdf
from serving.workbench.qbr.records import Brief, ForUs, Sheet
from serving.workbench.qbr.render import brief_page, sheet_page

__all__ = ["Brief", "ForUs", "Gate", "Material", "Sheet", "brief", "brief_page", "pdf", "sheet_page"]
