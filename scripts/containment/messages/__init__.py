"""Messages after a run: what is new, in which words, to whom; each of them once."""
