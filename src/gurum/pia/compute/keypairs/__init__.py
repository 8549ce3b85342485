"""Key pairs: a user's public keys, by name. A private key is made, handed out once and kept nowhere."""
