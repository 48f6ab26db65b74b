"""The raw tables of a source: find them, check them, read them through views."""
