"""What is worked out of trainings: read, run at their checkpoints, tested."""
