"""The run on disk: an append-only stream of envelopes, one writer, any number of readers."""
