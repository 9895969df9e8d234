"""The viewer while somebody is there: who asks what, whose turn it is, and what is kept."""
