"""The loop: losses, schedule, optimizer, precision, checkpoints, trainer. Knows no concrete method."""
