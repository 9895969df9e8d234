"""Charts by matplotlib's object interface, each drawn into given axes or as a figure of its own.

Nothing here imports matplotlib until a figure is made; pyplot and its global state are never touched.
"""
