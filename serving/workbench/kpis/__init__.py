"""The metrics of the business (M1–M18): what was kept, lost and won, how customers use it, what they say, who serves them.

Frames of known facts and the policy in, frozen records and frames out. Inside, money is whole cents and days are
midnights (UTC). A figure at a day rests on what happened before that day.
"""
