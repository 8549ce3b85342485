"""`make cells`: both faces give one answer, in every cell of who × where × what × which kind.

The cells are generated of the kinds, the API's routes and the policy's table. Each is asked for at a real API server of
Kubernetes, with a token of the sign-in, and at the real API's process, with the token of Keystone's that it was given
for. Where the two differ there is a row that says so and why (`limits`); a row that no cell needs is a fault, too.
"""
