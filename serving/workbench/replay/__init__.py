"""What was published, rebuilt from what was known then and compared bit for bit; and why each lost account was lost."""
