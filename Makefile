# The door to the repository: `make run` starts a server, `make test` runs everything that must hold.

.PHONY: help run test lint fix bench schema docs

help:
	@echo "make run      install what is missing, build, start the server (Ctrl-C stops it)"
	@echo "make test     install what tests need, then check and test everything, as CI does"
	@echo "make lint     formatting and clippy only"
	@echo "make fix      apply what rustfmt and clippy can correct themselves"
	@echo "make bench    the benchmarks of bench/"
	@echo "make schema   write src/schema.rs anew from the migrations"
	@echo "make docs     the documentation of the code, in target/doc"

run:
	@scripts/install.sh run
	@. scripts/env.sh && cargo build --release --locked
	@exec target/release/portcullis serve

test:
	@scripts/test.sh

lint:
	@. scripts/env.sh && cargo fmt --check && cargo clippy --all-targets --locked -- -D warnings

fix:
	@. scripts/env.sh && cargo clippy --fix --allow-dirty --allow-staged --all-targets --locked && cargo fmt

bench:
	@scripts/install.sh bench
	@. scripts/env.sh && exec bench/run.sh

schema:
	@scripts/install.sh schema
	@scripts/schema.sh

docs:
	@. scripts/env.sh && cargo doc --no-deps --locked
