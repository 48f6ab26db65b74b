"""What people write down: settings, lookups, and the tables that each source declares."""
