"""What the viewer asks of a network, one question at a time."""
