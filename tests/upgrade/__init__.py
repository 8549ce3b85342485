"""Does this release take over what the previous one left? Without this, the first upgrade of a user would find out."""
