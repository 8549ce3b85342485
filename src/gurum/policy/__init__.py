"""Who may do what: one Rego bundle decides every request, and this package asks it.

It exists so that no handler of the API holds a permission of its own: a route names an action, the bundle's table
says who may do it, and the answer carries an id for the logs and the audit. Without one place, the region's
permissions would drift from the private regions' a handler at a time.

`model` is what is asked and answered, `engine` decides in this process (over `rego`, the calls of the Rego engine made
safe), `bundle` and `lint` load the bundle and refuse what an engine would get wrong in silence, `table` reads its rows,
`testing` and `command` run its own tests (`gurum policy test`).
"""
