"""A large book delivered: how long, how much memory, how many calls."""
