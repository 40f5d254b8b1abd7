"""How we answer: pages and API operations, guards, transactions, errors, the shell around every page."""
