"""Property tests under examination: what their examples cost, and what the chosen numbers of examples then take."""
