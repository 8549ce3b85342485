"""What each noun looks like on the wire, one module a noun: a table of field name to where its value comes from."""
