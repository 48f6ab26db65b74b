"""Copy the marts to files that readers open, and switch to them in one step."""
