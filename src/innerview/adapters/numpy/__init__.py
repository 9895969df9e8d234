"""Plain arrays: the built-in networks, and the oracle that the other adapters are tested against."""
