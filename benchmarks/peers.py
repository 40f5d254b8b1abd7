"""placeholder"""

BENCHMARKS = ()
