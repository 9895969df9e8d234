"""The referee: which map may be believed on a model, by exact truth, controls and tests."""
