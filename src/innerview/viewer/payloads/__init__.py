"""From results to payloads, one short file for each kind: nothing is computed here that a result does not hold."""
