"""`python -m innerview` is the command line."""

from innerview.cli import start

start()
