"""Layers that encoders are assembled from. One mask convention: `keep`, boolean `[b t]`, True = a real token."""
