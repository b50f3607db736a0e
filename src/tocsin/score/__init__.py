"""Journal and truth in, scorecard out: how many were missed, how early, and at what cost."""
