"""One module a kind: which EC2 calls make it, find it, remove it and keep it so."""
