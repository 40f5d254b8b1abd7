"""How fast fastpix is, measured against something that runs beside it: `python -m benchmarks`."""
