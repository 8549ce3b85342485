"""The controller of servers: placed, launched, worked on, watched, removed. One module for each of these."""
