"""One file a framework: each turns a model into a Network and imports its framework only when it is used."""
