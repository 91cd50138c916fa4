"""Scorers: the rule-based health score and the learned models, one protocol, no IO."""
