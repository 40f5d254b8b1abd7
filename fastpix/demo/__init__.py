"""`fastpix demo`: an instance with something to look at."""
