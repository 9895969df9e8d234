"""Keras 3 on each of its three backends."""
