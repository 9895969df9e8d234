"""Files that others wrote, one reader for each kind: everything that can be wrong with one ends in a DataError.

What a header claims is checked against the file's size before anything is allocated for it, only regular files are
opened (a pipe would never end, a device might), and nothing that is read here can run code. Files of our own are
written whole or not at all (`atomic`).
"""
