"""What a user asks for, and what was observed: the resource model every other layer speaks.

It exists so that the API, the store, the controllers and the clouds agree on words and shapes without knowing
each other. It imports nothing of the product and talks to nothing.
"""
