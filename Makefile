.DEFAULT_GOAL := help
.PHONY: help run down test lint unit e2e doc contract bench faults guards openapi wipe

CARGO := cargo
TEST_STACK := infra/local/with-test-stack.sh

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## install, build and start everything, with demo tenants, real samples and live traffic
	@infra/local/demo.sh

down: ## stop the servers of the demo; the data stays
	@infra/local/stack.sh down

wipe: ## stop the servers of the demo and remove its data
	@infra/local/stack.sh wipe && rm -rf .footfall/demo .footfall/demo.env .footfall/spool .footfall/archive

test: ## everything that must hold: format, lints, documentation, all tests on a throwaway stack, the contract, some faults
	@infra/local/stack.sh install
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory doc
	@$(CARGO) build
	@$(TEST_STACK) $(CARGO) test --workspace --no-fail-fast
	@$(MAKE) --no-print-directory contract CONTRACT="--examples 3 --seed 1"
	@$(MAKE) --no-print-directory faults RUN="--size 1 --seed 7 slice"

lint: ## format and lints, warnings are errors
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --workspace --all-targets -- -D warnings

doc: ## documentation, warnings are errors
	@RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --quiet

unit: ## the tests that need no server
	@$(CARGO) test -p architecture -p auth -p events -p lifecycle -p metrics -p money -p problem -p settings -p telemetry -p tenancy

e2e: ## the journeys across services only
	@$(CARGO) build
	@$(TEST_STACK) $(CARGO) test -p e2e

bench: ## how fresh the numbers are (median, p95), and how much goes through
	@$(CARGO) build --release -p footfall
	@$(TEST_STACK) $(CARGO) run --release -p bench -- freshness
	@$(TEST_STACK) $(CARGO) run --release -p bench -- throughput --program target/release/footfall

# How much is tried: see tests/contract.
CONTRACT ?= --examples 30

contract: ## hold a running platform to both OpenAPI documents: CONTRACT="--examples 200 --seed 7"
	@$(CARGO) build
	@FOOTFALL_TEST_DIR=$${FOOTFALL_TEST_DIR:-.footfall/contract/stack} FOOTFALL_TEST_PORT=$${FOOTFALL_TEST_PORT:-23000} \
		$(TEST_STACK) tests/contract/run.sh $(CONTRACT)

# What is run, such as RUN="--seed 7 t2 --only clickhouse --tries 50": see `RUN=--help`.
RUN ?= --resume all

faults: ## break what the platform stands on and count every event afterwards: RUN="--seed 7 t2"
	@$(CARGO) build -p footfall --features failpoints --bin footfall-with-failpoints
	@$(CARGO) build -p faults
	@FOOTFALL_TEST_DIR=$${FOOTFALL_TEST_DIR:-.footfall/faults-stack} FOOTFALL_TEST_PORT=$${FOOTFALL_TEST_PORT:-21000} \
		$(TEST_STACK) target/debug/faults $(RUN)

# Which ones, by name: see tests/guards. None named: all.
GUARDS ?=

guards: ## take each guard out of the code and see its tests turn red: GUARDS="dense-chain"
	@FOOTFALL_TEST_DIR=$${FOOTFALL_TEST_DIR:-.footfall/guards-stack} FOOTFALL_TEST_PORT=$${FOOTFALL_TEST_PORT:-22000} \
		$(TEST_STACK) tests/guards/run.sh $(GUARDS)

openapi: ## write openapi/ from the code
	@$(CARGO) run --quiet -- openapi
