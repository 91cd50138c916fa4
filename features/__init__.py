"""Point-in-time indicators: cohort, windows, the catalogue, the feature table; and, looking forward, the labels."""
