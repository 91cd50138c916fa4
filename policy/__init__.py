"""The policy: every number of the customer-success rules, in one versioned file, and the errors a user may meet."""
