"""The customer's way: onboarding, contacts owed, surveys, wishes, and who speaks for us. Facts in, new records out."""
