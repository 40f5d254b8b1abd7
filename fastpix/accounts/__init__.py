"""People at the door: set-up, sign-in, sessions, accepting an invite, one's own account."""
