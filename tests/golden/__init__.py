"""Whether a region answers as a real OpenStack does, asked request by request.

"Unchanged usage" is the product's promise, and nobody can keep it by reading documentation: clients depend on
status codes, header names and the exact text of errors that no reference describes. `corpus/` holds requests and
the answers a real OpenStack gave to them; `player/` plays the requests against one region and compares. What is
known to differ stands in `allow.yaml` (the recording's own artefacts) and `rows/` (one place each, with its
reason); `thresholds.yaml` says how much must be equal without any row. Run it with `python -m tests.golden`.
"""
