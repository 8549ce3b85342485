"""What a custom resource definition says beyond the model's types: meanings, bounds, what never changes, references.

One row a field, one a kind, in a module a noun, so that a new field is one new row and `kubectl explain` has no gaps.
`gurum.store.kubernetes.schema` reads the types and asks here for the rest.
"""
