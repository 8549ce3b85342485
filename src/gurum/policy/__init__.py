"""Who may do what: one Rego bundle decides every request, and this package asks it.

It exists so that no handler of the API holds a permission of its own: a route names an action, the bundle's table
says who may do it, and the answer carries an id for the logs and the audit. Without one place, the region's
permissions would drift from the private regions' a handler at a time.

`model` is what is asked and answered, `bundle` and `lint` load the bundle and refuse what an engine would get wrong
in silence, `engine` decides in this process, `table` reads the rows, `testing` runs the bundle's own tests.
"""
