"""Secrets: sealing and signing with the instance's key, random tokens, passwords."""
