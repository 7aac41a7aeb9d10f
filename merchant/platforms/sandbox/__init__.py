"""A platform to practise on: its own process, the real wire, invented money. Only in the demo and in tests."""
