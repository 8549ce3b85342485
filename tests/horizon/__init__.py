"""Stock Horizon against a running region: can a person who knows only the dashboard do here what they do elsewhere?

Horizon asks for more, and in other words, than the command line does, and it turns many an error into an empty list or
a line at the top of a page. So it is driven as a browser drives it, over HTTP with cookies and forms; each step looks
at names and states on the page, at what the region refused meanwhile, and at what Horizon told its log.
"""
