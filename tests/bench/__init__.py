"""Benchmarks: each measures ours beside something else in the same run and reports ratios with the raw figures."""
