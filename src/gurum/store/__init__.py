"""Where desired state lives: one contract, several backends, one suite that all of them pass.

It exists so that the API, the controllers and the tests never know which database (or Kubernetes) is under them.
"""
