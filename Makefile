# Recoup: what is built, checked and run. `make help` lists the targets.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
# The steps of `make test` share one target folder and stand in an order that fails early.
.NOTPARALLEL:

# Where stores and checks find what pip installed.
export RECOUP_VENV := $(CURDIR)/.venv

target := $(or $(CARGO_TARGET_DIR),target)
step := @.make/step
buf := cd proto && ../.venv/bin/buf
with_stores := $(target)/debug/with-stores
query_data := $(with_stores) $(target)/debug/query-data

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-16s %s\n", $$1, $$2 }' Makefile

.PHONY: install
install: ## Install what build, demo and tests need; quick when all is there
	$(step) 'Install what is missing' .make/install

# It plays for minutes, so our own crates are optimised for it too. For the tests they are not: those are
# built more often than they run. What others wrote is built once for both.
.PHONY: demo
demo: export CARGO_PROFILE_DEV_OPT_LEVEL = 1
demo: install ## Run the whole story on data of its own, and check it
	@cargo run --quiet --locked --package recoup -- demo

.PHONY: test
test: install check-format check-protos check-breaking check-clippy build check-queries run-tests ## Run all checks and tests, as CI does

.PHONY: nemesis
nemesis: install build ## Harm running services for minutes, and check what is left (SEED=…)
	$(step) 'Nemesis' .make/nemesis

.PHONY: stores
stores: ## Start a private Postgres and Redis around CMD, or until Ctrl-C
	@cargo run --quiet --locked --package stores -- $(CMD)

.PHONY: fmt
fmt: install ## Format the code and the protos
	cargo fmt --all
	$(buf) format --write

.PHONY: sqlx
sqlx: install ## Regenerate the .sqlx query data of the services
	@cargo build --quiet --locked --package stores --package query-data
	$(step) 'Write the query data' $(query_data) write

.PHONY: proto-base
proto-base: install ## Renew what the breaking check compares with; commit it alone
	$(buf) build --exclude-source-info --output base.binpb

.PHONY: reasons
reasons: ## Renew the table of reasons in proto/README.md
	@cargo run --quiet --locked --package contract-tests --bin write-reasons

.PHONY: migrations-lock
migrations-lock: ## Append the checksums of new migrations; those listed never change
	@list=tests/architecture/migrations.lock; \
	for file in $$(find libs services -path '*/migrations/*.sql' -not -path '*/tests/*' | sort); do \
	  grep -q "  $$file$$" $$list || sha256sum $$file | tee -a $$list; \
	done

.PHONY: clean-data
clean-data: ## Delete the data of `recoup up` and of the demo
	@.make/clean-data

# --- the steps of `make test` --------------------------------------------------------------------

.PHONY: check-format
check-format:
	$(step) 'Format of the code' --needs 'cargo fmt --version' cargo fmt --all --check
	$(step) 'Format of the protos' bash -c '$(buf) format --diff --exit-code'

.PHONY: check-protos
check-protos:
	$(step) 'Lint of the protos' bash -c '$(buf) lint'

.PHONY: check-breaking
check-breaking:
	$(step) 'Protos against proto/base.binpb' .make/breaking

.PHONY: check-clippy
check-clippy:
	$(step) 'Clippy' --needs 'cargo clippy --version' \
	  cargo clippy --workspace --all-targets --locked --quiet -- --deny warnings

# Everything in one go: what is built for one package alone has other features, and is built twice.
.PHONY: build
build:
	$(step) 'Build' cargo build --workspace --bins --tests --locked --quiet

.PHONY: check-queries
check-queries:
	$(step) 'Query data against migrated databases' $(query_data) check

.PHONY: run-tests
run-tests:
	$(step) 'Tests' $(with_stores) .make/tests
