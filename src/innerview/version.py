"""The version, said here and nowhere else: the build, the command line and every result read it."""

__version__ = "0.1.0"
