"""Whether two clouds are used alike: one script of stock client calls is played against both, transcripts compared.

The product's promise is that a user of a private OpenStack notices nothing in the region that is AWS. Answers that
look right one by one do not prove that: people type commands, read what is printed and look at exit codes. So here the
stock `openstack` command and openstacksdk are asked the same, right and wrong, of two clouds of a `clouds.yaml`, and
what they print must be equal but for the ids, times and addresses of each run. What the cloud below forces to differ
stands in `rows/`, one place each, with its rule. Run it with `python -m tests.same` (`make same`).
"""
