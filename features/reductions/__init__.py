"""Each source table's facts, reduced once to account and day. Values are integers, so sums are exact in any order."""
