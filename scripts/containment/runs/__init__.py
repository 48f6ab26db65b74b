"""A run as such: its lock, its record, the history, and whether its build may be published."""
