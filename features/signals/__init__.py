"""Early warnings (W1–W7) and expansion signals (E1–E2): what causes them, since when they are on, and the numbers."""
