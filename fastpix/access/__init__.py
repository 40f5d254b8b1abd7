"""Who may: the role table, the needs computed from it, the check at every verb, and the tenancy filter."""
