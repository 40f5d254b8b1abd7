"""People: who is asking, set-up, sign-in, sessions, accepting an invite, one's own account."""
