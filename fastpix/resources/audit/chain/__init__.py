"""The hash chain of the audit log: how rows are sealed, put in order as they are saved, and verified."""
