"""What runs: settings, the warehouse, tracking, one flow per step, and the command line."""
