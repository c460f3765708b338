"""A page about a graded class: figures, checks, times, texts that are alike."""
