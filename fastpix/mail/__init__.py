"""Letters: templates, the outbox written with the change that caused them, and the way to the mail server."""
