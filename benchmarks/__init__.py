"""Speed, memory and growth, side by side with the reference's way of computing.

`make bench` writes docs/performance.md; `python -m benchmarks.growth` writes docs/scaling.md with
its table and figure. Both take `--quick`: small sizes and CPU time, for a machine that is busy.
"""
