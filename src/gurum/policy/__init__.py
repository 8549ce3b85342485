"""Who may do what: one Rego bundle decides every request, and this package asks it.

It exists so that no handler of the API holds a permission of its own: a route names an action, the bundle's table
says who may do it, and the answer carries an id for the logs and the audit. Without one place, the region's
permissions would drift from the private regions' a handler at a time.

`model` is what is asked and answered. Two engines answer it alike: `engine` in this process (over `rego`, the calls of
the Rego engine made safe), `opa` by a server; `question` is what they share, `factory` chooses. `bundle` loads the
bundle from its `files`, `lint` (over `tokens` and `names`) refuses what an engine would get wrong in silence,
`signature` what was not signed; `building` packs it. `table` reads its rows, `testing` and `command` run its own tests
(`gurum policy test`).
"""
