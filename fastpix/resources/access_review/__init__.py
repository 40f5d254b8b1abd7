"""The access review: who and what still has access, looked through by an admin from time to time."""
