"""For each rule a shortest way to meet it: CASES maps a rule's name to what to do.

The last call of a case is the refused one. A later run on a real account can go through the same
list.
"""

from collections.abc import Mapping

from tests.emulator.cases import call, group, iam, identifier, instance, interface, network, placement, storage, sts
from tests.emulator.cases.case import Case

CASES: Mapping[str, Case] = {
    name: case
    for module in (call, group, iam, identifier, instance, interface, network, placement, storage, sts)
    for name, case in module.CASES.items()
}
