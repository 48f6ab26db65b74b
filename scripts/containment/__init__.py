"""What scripts/nightly and scripts/test call."""
