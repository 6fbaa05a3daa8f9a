"""What runs a definition: `dense`, `blocked` and `flex`, chosen in one place (choose.py)."""
