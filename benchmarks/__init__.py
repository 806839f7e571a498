"""Speed and memory, side by side with the reference's way of computing: `make bench`."""
