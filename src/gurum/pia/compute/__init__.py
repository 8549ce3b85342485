"""The compute API, as Nova speaks it: microversions, schemas, shapes and error texts.

One module a noun, or a package where a noun has many verbs. Requests are data rows (`routes` in each), request
schemas are data (`schemas`), and what is shown is made in one place per noun (`view`).
"""
