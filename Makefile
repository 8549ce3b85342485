# Everything a person does here, by name. `make help` lists it.
VENV ?= .venv
PYTHON := $(VENV)/bin/python
STATE ?= var
ARGS ?=
SERVICE ?= all
REGION ?= kakao-usa-east1
# What the tests' engine, APIs and whole runs stand on: `postgresql`, or nothing for what each prefers.
STORE ?=
export GURUM_TEST_STORE := $(STORE)
# How many processes of the API whole runs have, behind a round-robin balancer (same, golden, interop, test, …).
PIAS ?=
export GURUM_TEST_PIAS := $(PIAS)

.DEFAULT_GOAL := help
.PHONY: help setup setup-run run clean-state test check docs format pins \
        addresses adopt attacks audit bench cells chaos chart drift faces failover faults federation fuzz golden \
        horizon interop isolation kubernetes load move offboarding opa policy policy-check same scale secrets \
        sts upgrade

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## make the virtual environment with everything that tests need
	@scripts/setup dev $(VENV)

setup-run:
	@scripts/setup run $(VENV)

run: setup-run ## start everything and play the tour; stays up until Ctrl-C (ONCE=1: stop after the tour)
ifeq ($(STORE),kubernetes)
	@scripts/kubernetes
	@GURUM_EMBEDDED__KUBERNETES_PROGRAMS="$$(scripts/kubernetes where)" exec $(VENV)/bin/gurum up --state $(STATE) \
	  --store kubernetes:embedded $(if $(ONCE),--once) $(ARGS)
else
	@exec $(VENV)/bin/gurum up --state $(STATE) $(if $(ONCE),--once) $(ARGS)
endif

clean-state: ## remove what runs have kept: databases, secrets, logs
	rm -rf $(STATE)

test: setup ## run all tests (STORE=postgresql: on PostgreSQL; so with the targets below)
	$(PYTHON) -m pytest $(ARGS)

check: setup ## lint, strict types, layers, the policy's own tests, generated pages
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/mypy tests
	$(VENV)/bin/lint-imports
	$(VENV)/bin/gurum policy test --quiet
	$(PYTHON) -m tests.docs --check

docs: setup ## write the generated parts of the documentation anew
	$(PYTHON) -m tests.docs

format: setup ## put the code into its canonical form
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

pins: setup ## resolve requirements/*.in anew (ARGS=--upgrade takes the newest)
	cd requirements && for set in setup run dev interop horizon go; do \
	  ../$(VENV)/bin/uv pip compile -q --system-certs --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-annotate --no-header $(ARGS) $$set.in -o $$set.txt || exit 1; done

# What is too long, or too special, for `make test`. Each exits non-zero when what it shows does not hold.

addresses: setup ## sixty-four writers of two API processes, both killed once, want ten thousand addresses
	$(PYTHON) -m tests.load.addresses $(ARGS)

adopt: setup ## adopt a company's 200 things, change them from outside, take them over, let go of them
	$(PYTHON) -m tests.adopt $(ARGS)

attacks: setup ## try to log in by what is forged, stolen, replayed or meant for others; then without each guard
	$(PYTHON) -m tests.attacks $(ARGS)

audit: setup ## each call to AWS led back to who asked for it, the engine killed on the way; then tamper with the chain
	$(PYTHON) -m tests.audit $(ARGS)

bench: setup ## measure against the committed budgets
	$(PYTHON) -m tests.bench $(ARGS)

cells: setup ## do each verb on every kind through both faces, as everybody who may sign in, in one project and another
	@scripts/kubernetes
	$(PYTHON) -m tests.cells $(ARGS)

chaos: setup ## kill engine and API before and after every visible step, then at random (STORE=kubernetes: API server and etcd, too)
ifeq ($(STORE),kubernetes)
	@scripts/kubernetes
endif
	$(PYTHON) -m tests.chaos $(ARGS)

chart: setup ## install the chart on a real API server, run what it says, and see that its rights are enough
	@scripts/kubernetes
	$(PYTHON) -m tests.chart $(ARGS)

drift: setup ## change the cloud behind our back
	$(PYTHON) -m tests.drift $(ARGS)

failover: setup ## kill and pause engines, take the API server away, put etcd back (ARGS="--stores sqlite": on that)
	$(PYTHON) -m tests.failover $(ARGS)

faults: setup ## throttle, fail, lose answers, run out of capacity
	$(PYTHON) -m tests.faults $(ARGS)

federation: setup ## log in by every OpenID plugin of keystoneauth, staff and partners
	$(PYTHON) -m tests.federation $(ARGS)

fuzz: setup ## send generated requests
	$(PYTHON) -m tests.fuzz $(ARGS)

faces: setup ## do everything through one face (kubectl, the API) and read it through the other
	$(PYTHON) -m tests.faces $(ARGS)

golden: setup ## compare with recordings of a real OpenStack
	$(PYTHON) -m tests.golden $(ARGS)

horizon: setup ## walk through stock Horizon's pages in a region (REGION=…)
	@scripts/setup horizon $(VENV)-horizon
	$(PYTHON) -m tests.horizon --venv $(VENV)-horizon --region $(REGION) $(ARGS)

interop: setup ## run upstream Tempest against a region (SERVICE=identity|compute|network|all REGION=…)
	@scripts/setup interop $(VENV)-interop
	$(PYTHON) -m tests.interop --venv $(VENV)-interop --service $(SERVICE) --region $(REGION) $(ARGS)

isolation: setup ## every route, as everybody, on everybody's objects
	$(PYTHON) -m tests.isolation $(ARGS)

kubernetes: ## build a real Kubernetes control plane into a cache (once, in minutes; then it is there)
	@scripts/kubernetes

load: setup ## a thousand servers at once, then 200 requests a second for half an hour (ARGS="--minutes 5": shorter)
	$(PYTHON) -m tests.load $(ARGS)

move: setup ## carry 20,000 objects SQLite → Kubernetes → PostgreSQL → SQLite, killed on the way: equal at the end
	$(PYTHON) -m tests.move $(ARGS)

offboarding: setup ## let two people go: seconds until each kind of access is refused, and whether any comes back
	$(PYTHON) -m tests.offboarding $(ARGS)

opa: ## build an OPA server into a cache (once, in a minute; then it is there)
	@scripts/opa

policy: setup opa ## both policy engines on the same questions, spoilt bundles, servers that fail, a bundle that changes
	$(PYTHON) -m tests.policies $(ARGS)

policy-check: setup ## run the tour, and all that a driver can do, under the generated IAM policy
	$(PYTHON) -m tests.permissions $(ARGS)

same: setup ## play one script of stock client calls against two clouds: A=, B= of CLOUDS= (default: two of our own)
	$(PYTHON) -m tests.same $(if $(A),-a $(A)) $(if $(B),-b $(B)) $(if $(CLOUDS),--clouds $(CLOUDS)) \
	  $(if $(ROWS),--rows $(ROWS)) $(ARGS)

scale: setup kubernetes ## fill a Kubernetes cluster with 10,000 servers; start on it, read, change and create in it
	$(PYTHON) -m tests.scale $(ARGS)

secrets: setup ## look for every secret of a run where none may be
	$(PYTHON) -m tests.secrets $(ARGS)

sts: setup ## enter AWS without a stored key: who is named, keys changed under load, a trust that is gone, a search
	$(PYTHON) -m tests.sts $(ARGS)

upgrade: setup ## serve a store of the previous schema
	$(PYTHON) -m tests.upgrade $(ARGS)
