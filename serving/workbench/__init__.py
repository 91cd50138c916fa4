"""What a CSM works with: pages, plays and work lists."""
