"""The viewer as one file, with its questions answered beforehand."""
