"""What a company has in its account already, said in our words, so that it can be shown without being touched.

A survey lists everything once, by describes alone, and makes of each thing the object that would stand for it: with the
intents and facts that its driver would have written, had it made the thing. So taking it over later finds nothing to
do. Were that left to the drivers, they would make a second one of everything.
"""
