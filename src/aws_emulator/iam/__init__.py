"""IAM policies, enforced where the configuration has one: who may call what on which resource under which condition.

A policy that is too narrow shows at AWS as a failure in the night, one that is too wide never shows. Here a whole test
run can be made under the very document that an operator would attach, and the ledger tells what allowed each call.
"""

from aws_emulator.iam.authorise import authorise
from aws_emulator.iam.document import EVERYTHING, Policy, read

__all__ = ["EVERYTHING", "Policy", "authorise", "read"]
