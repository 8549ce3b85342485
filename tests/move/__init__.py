"""20,000 objects of every kind go SQLite → Kubernetes → PostgreSQL → SQLite, killed on the way, and come back equal.

A store can be changed only if nobody has to believe in it. So the commands are an operator's, they are killed where
it hurts (SIGKILL, at several points of every leg), and what came back is not compared by what compared it on the way:
the first and the last database are read as rows.
"""
