"""One score a file: how a query meets a key, before the softmax."""
