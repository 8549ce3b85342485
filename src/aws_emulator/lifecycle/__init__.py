"""What happens by itself: transitions that EC2 makes after an answer.

Each is a function of (context, row), fired by a timer kept in the row. Why apart from actions: the
same transition follows a call, a restart, an injected fault and a person who acts behind one's
back.
"""
