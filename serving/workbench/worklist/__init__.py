"""Whom to work on this week: the most ARR that the hours can save, what is due before it, and where views disagree."""
