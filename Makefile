.DEFAULT_GOAL := help
.PHONY: help run down test lint unit e2e tls doc contract bench bench-part bench-growth bench-questions bench-browser profile faults drill isolation guards openapi web web-check browser wipe
.PHONY: binary image image-check infra-check infra-lint infra-kube infra-verified release workflows-lint
.PHONY: test-contract test-faults test-isolation
.PHONY: observe observe-check observe-ask

CARGO := cargo
TEST_STACK := infra/local/with-test-stack.sh
STEP := infra/local/step.sh

# Make the binaries. `cargo test` makes them too, so `make test` does not repeat it. It compiles the failpoints of the
# fault scenarios into what it tests, so that nothing is compiled twice: none acts unless a variable names it.
FAILPOINTS := --features footfall/failpoints
BUILD := $(CARGO) build
BUILD_FAULTS := $(CARGO) build --workspace $(FAILPOINTS) --bin footfall-with-failpoints --bin faults
BUILD_ISOLATION := $(CARGO) build --workspace $(FAILPOINTS) --bin footfall --bin isolation

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: ## install, build and start everything, with demo tenants, real samples and live traffic
	@infra/local/demo.sh

observe: ## the same, with Prometheus, Alertmanager, their rules and the exporters of the stores
	@FOOTFALL_OBSERVE=1 infra/local/demo.sh

observe-check: ## check alerts, their routes and runbooks, and dashboards, without a running Prometheus
	@infra/observability/check/check.sh

observe-ask: ## ask the Prometheus of make observe every query of the dashboards
	@infra/observability/check/check.sh ask

down: ## stop the servers of the demo; the data stays
	@infra/local/stack.sh down

wipe: ## stop the servers of the demo and remove its data
	@infra/local/stack.sh wipe && rm -rf .footfall/demo .footfall/demo.env .footfall/spool .footfall/archive .footfall/recent-ids

test: ## run all checks: format, lints, documentation, all tests on a temporary stack, the contract, some faults, isolation
	@$(STEP) begin
	@$(STEP) install infra/local/stack.sh install
	@$(STEP) infra $(MAKE) --no-print-directory infra-verified
	@$(STEP) lint $(MAKE) --no-print-directory lint
	@$(STEP) doc $(MAKE) --no-print-directory doc
	@$(STEP) build $(CARGO) test --workspace $(FAILPOINTS) --no-run
	@$(STEP) tests env FOOTFALL_TEST_MEMORY=1 RUST_TEST_THREADS=4 $(TEST_STACK) $(CARGO) test --workspace $(FAILPOINTS) --no-fail-fast
	@$(STEP) scenarios $(MAKE) --no-print-directory --jobs 2 --output-sync=line test-contract test-faults
	@$(STEP) isolation $(MAKE) --no-print-directory test-isolation
	@$(STEP) show

# Each waits for servers of its own for most of its time, so both run at once, in folders and on ports of their own.
test-contract:
	@unset FOOTFALL_TEST_DIR FOOTFALL_TEST_PORT; FOOTFALL_TEST_MEMORY=1 $(MAKE) --no-print-directory contract BUILD=true CONTRACT="--examples 3 --seed 1"

test-faults:
	@unset FOOTFALL_TEST_DIR FOOTFALL_TEST_PORT; $(MAKE) --no-print-directory faults BUILD_FAULTS=true RUN="--size 1 --seed 7 slice"

test-isolation:
	@unset FOOTFALL_TEST_DIR FOOTFALL_TEST_PORT; FOOTFALL_TEST_MEMORY=1 $(MAKE) --no-print-directory isolation BUILD_ISOLATION=true ISOLATION="--size 1 --seed 7"

lint: ## check format and lints; warnings are errors
	@$(CARGO) fmt --all --check
	@$(CARGO) clippy --workspace --all-targets -- -D warnings

doc: ## build the documentation; warnings are errors
	@RUSTDOCFLAGS="-D warnings" $(CARGO) doc --workspace --no-deps --quiet

unit: ## run the tests that need no server
	@$(CARGO) test -p architecture -p auth -p events -p lifecycle -p log -p metrics -p money -p problem -p settings -p tables -p telemetry -p tenancy -p tls

e2e: ## run the end-to-end tests only
	@$(CARGO) build
	@$(TEST_STACK) $(CARGO) test -p e2e

tls: ## run the end-to-end tests on a stack whose every link has TLS
	@$(CARGO) build
	@FOOTFALL_TEST_TLS=1 FOOTFALL_TEST_DIR=$${FOOTFALL_TEST_DIR:-.footfall/tls-stack} \
		FOOTFALL_TEST_PORT=$${FOOTFALL_TEST_PORT:-25500} $(TEST_STACK) $(CARGO) test -p e2e

# The part to measure, all when empty, and more options of it: PART=store BENCH="--events 100000 --rounds 1".
# RECORD="--record docs/performance.md" appends the figures; `make bench` does so by default.
PART ?=
BENCH ?=
RECORD ?= --record docs/performance.md
PARTS := store collector reports live trickle redis sinks import

# All parts together take 20 minutes on two cores. `questions` takes about as long alone, `traces` compares settings of
# one release, and `table` compares no release with another: only by their names.
ROUNDS_store := --rounds 3
ROUNDS_table := --rounds 3
ROUNDS_collector := --rounds 3
ROUNDS_reports := --rounds 3
ROUNDS_live := --rounds 2 --updates 3
ROUNDS_trickle := --rounds 1
ROUNDS_redis := --rounds 3 --events 200000
ROUNDS_questions := --rounds 5
ROUNDS_sinks := --rounds 3 --events 400000 --spooled 150000
ROUNDS_import := --rounds 3
ROUNDS_traces := --rounds 5

BENCH_BUILD = $(CARGO) build --release --workspace --bin footfall --bin bench
BENCH_STACK = FOOTFALL_TEST_DIR=$${FOOTFALL_TEST_DIR:-.footfall/bench-stack} \
	FOOTFALL_TEST_PORT=$${FOOTFALL_TEST_PORT:-20000} $(TEST_STACK)
BENCH_RUN = $(BENCH_STACK) $${CARGO_TARGET_DIR:-target}/release/bench

bench: ## measure every part against what bounds it, or one: PART=store BENCH="--rounds 1"
	@$(BENCH_BUILD)
	@for part in $(or $(filter-out freshness,$(PART)),$(if $(PART),,$(PARTS))); do \
		$(MAKE) --no-print-directory bench-part PART=$$part || exit 1; \
	done
	@$(if $(filter-out freshness,$(PART)),true,$(BENCH_RUN) freshness)

# Public peers, as options: a part is also measured without its peer, if that cannot be installed.
PEER_live = $$(infra/local/hub.sh)
PEER_questions = $$(infra/local/cube.sh)
OPTION_live := --hub
OPTION_questions := --cube

bench-part:
	@peer=$(PEER_$(PART)); $(BENCH_RUN) $(PART) $(if $(BENCH),$(BENCH),$(ROUNDS_$(PART))) $${peer:+$(OPTION_$(PART)) "$$peer"} $(RECORD)

bench-growth: ## measure how cost grows with partitions, tenants, campaigns, rows and ids: BENCH="rows --rows 100000000"
	@$(BENCH_BUILD)
	@$(BENCH_RUN) growth $(BENCH) $(RECORD)

bench-questions: ## measure uncached questions about 20 million events: BENCH="--events 1000000 --rounds 1"
	@$(MAKE) --no-print-directory bench PART=questions

profile: ## draw flame graphs of a part in .footfall/profiles: PART=store
	@test -n "$(PART)" || { echo "Which part? make profile PART=store" >&2; exit 2; }
	@$(BENCH_BUILD)
	@FOOTFALL_TEST_DIR=$${FOOTFALL_TEST_DIR:-.footfall/bench-stack} FOOTFALL_TEST_PORT=$${FOOTFALL_TEST_PORT:-20000} \
		PATH="$$(infra/local/profiler.sh):$$PATH" $(TEST_STACK) $${CARGO_TARGET_DIR:-target}/release/bench \
		$(PART) $(if $(BENCH),$(BENCH),--rounds 1) --profile .footfall/profiles

# The number of examples and the seed: see tests/contract.
CONTRACT ?= --examples 30

contract: ## check a running platform against both OpenAPI documents: CONTRACT="--examples 200 --seed 7"
	@$(BUILD)
	@FOOTFALL_TEST_DIR=$${FOOTFALL_TEST_DIR:-.footfall/contract/stack} FOOTFALL_TEST_PORT=$${FOOTFALL_TEST_PORT:-23000} \
		$(TEST_STACK) tests/contract/run.sh $(CONTRACT)

# The scenarios to run, such as RUN="--seed 7 kills --only clickhouse --tries 50": see `RUN=--help`.
RUN ?= --resume all

# The program of the release before, which `upgrades` begins with.
PREVIOUS = $(if $(filter all upgrades,$(RUN)),$${FOOTFALL_PREVIOUS:-$$(infra/local/previous.sh)})

faults: ## break servers, disks and links, and count every event afterwards: RUN="--seed 7 kills"
	@$(BUILD_FAULTS)
	@FOOTFALL_PREVIOUS="$(PREVIOUS)" \
		FOOTFALL_TEST_DIR=$${FOOTFALL_TEST_DIR:-.footfall/faults-stack} FOOTFALL_TEST_PORT=$${FOOTFALL_TEST_PORT:-21000} \
		$(TEST_STACK) target/debug/faults $(RUN)

drill: ## lose one store after the other under load, restore it from a backup, and count every event
	@$(MAKE) --no-print-directory faults RUN="drills $(DRILL)"

# The pieces to run and their size, such as ISOLATION="--size 1 --seed 7 probes": see `ISOLATION=--help`.
ISOLATION ?= --record docs/security.md

isolation: ## try to reach one tenant with the credentials of another: ISOLATION="--seed 7 probes"
	@$(BUILD_ISOLATION)
	@ulimit -n 20000 2>/dev/null; FOOTFALL_TEST_DIR=$${FOOTFALL_TEST_DIR:-.footfall/isolation-stack} FOOTFALL_TEST_PORT=$${FOOTFALL_TEST_PORT:-19000} \
		$(TEST_STACK) target/debug/isolation $(ISOLATION)

# The guards to remove, by name: see tests/guards. Empty: all.
GUARDS ?=

guards: ## remove each guard from the code and check that its tests fail: GUARDS="dense-chain"
	@FOOTFALL_TEST_DIR=$${FOOTFALL_TEST_DIR:-.footfall/guards-stack} FOOTFALL_TEST_PORT=$${FOOTFALL_TEST_PORT:-22000} \
		$(TEST_STACK) tests/guards/run.sh $(GUARDS)

binary: ## build the release binary
	@FOOTFALL_COMMIT=$$(git rev-parse --short=10 HEAD) $(CARGO) build --release --locked --bin footfall

image: binary ## build the container image from the release binary, into .footfall/image
	@infra/image/build.sh

image-check: binary ## build the image twice, and run it read-only with 512 MiB on a temporary stack
	@FOOTFALL_TEST_DIR=$${FOOTFALL_TEST_DIR:-.footfall/image-stack} FOOTFALL_TEST_PORT=$${FOOTFALL_TEST_PORT:-24500} \
		$(TEST_STACK) infra/image/check.sh

# The version to release, as in Cargo.toml and in the chart.
VERSION ?=

release: ## package the chart and write what has changed, into .footfall/release: VERSION=1.2.3
	@infra/release/release.sh "$(VERSION)"

workflows-lint: ## check workflows, image and compose.yaml without running them
	@infra/workflows/check.sh

infra-check: ## check Terraform without an account of AWS
	@infra/terraform/check/check.sh

web: ## build the console into web/dist, which the api embeds
	@cd web && npm ci --no-audit --no-fund --silent && npm run --silent build && npm run --silent budgets

web-check: web ## check that web/dist is built from its sources, and the console's types, style and unit tests
	@changed=$$(git status --porcelain web/dist); \
		test -z "$$changed" || { echo "web/dist is not what its sources make:" "$$changed" >&2; exit 1; }
	@npm --prefix web run --silent check

# Options of Playwright, such as BROWSER="live --repeat-each 3", or --pictures for the pictures in docs/console.
BROWSER ?=

browser: ## run the console's journeys in a real browser on a temporary stack: BROWSER="onboarding"
	@$(BUILD)
	@FOOTFALL_TEST_DIR=$${FOOTFALL_TEST_DIR:-.footfall/browser/stack} FOOTFALL_TEST_PORT=$${FOOTFALL_TEST_PORT:-25000} \
		$(TEST_STACK) web/browser/run.sh $(BROWSER)

# How many minutes the console stays live. RECORD= without a value records nothing.
MINUTES ?= 10

bench-browser: ## measure the console in a real browser against its budgets, and WebSocket connections: MINUTES=1
	@$(CARGO) build --release --bin footfall
	@ulimit -n 20000 2>/dev/null; FOOTFALL_TEST_MINUTES=$(MINUTES) FOOTFALL_TEST_RECORD=$(if $(RECORD),1) \
		FOOTFALL_TEST_PROGRAM=$${CARGO_TARGET_DIR:-$(CURDIR)/target}/release/footfall \
		FOOTFALL_TEST_DIR=$${FOOTFALL_TEST_DIR:-.footfall/browser/stack} FOOTFALL_TEST_PORT=$${FOOTFALL_TEST_PORT:-25000} \
		$(TEST_STACK) web/browser/run.sh --measures

openapi: ## write openapi/ from the code
	@$(CARGO) run --quiet -- openapi

infra-lint: ## check the Helm chart without a server
	@infra/helm/check/check.sh

infra-kube: ## install, upgrade, roll back and drain the Helm chart on a real API server with simulated nodes
	@infra/helm/check/check.sh kube

infra-verified: ## run those checks of chart, rules, dashboards and Terraform whose files have changed since they were green
	@infra/check/verify.sh
