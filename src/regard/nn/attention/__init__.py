"""The heart: how a query meets a key. For now full attention with scaled dot scores; patterns and engines follow."""
