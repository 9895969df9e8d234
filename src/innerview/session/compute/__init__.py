"""What the viewer asks of a model, one question at a time."""
