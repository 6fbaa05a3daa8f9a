"""What writes text, one token after the other: networks of our own, and checkpoints behind the same three words."""
