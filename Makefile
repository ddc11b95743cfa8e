# Thin targets: the extension is built with PGXS (extension.mk), the tool, its tests and the benchmarks with CMake;
# everything else is a script. `make help` lists the targets.

PG_CONFIG ?= pg_config
PREFIX ?= /usr/local
JOBS ?= 2
CMAKE_FLAGS ?=
CHECKS := unit sanitize regress e2e format tidy layers foreign symbols
OPTIONAL_CHECKS := majors corpus

pgxs = $(MAKE) -f extension.mk PG_CONFIG=$(PG_CONFIG)

.PHONY: all extension tool install install-extension install-tool uninstall installcheck clean help setup e2e-parts demo \
	bench check $(addprefix check-,$(CHECKS) $(OPTIONAL_CHECKS))

all: extension tool

extension:
	+@$(pgxs) all

tool: build/CMakeCache.txt
	@cmake --build build --target pgdr -j $(JOBS)

build/CMakeCache.txt:
	cmake -S . -B build $(CMAKE_FLAGS)

install: install-extension install-tool

install-extension: extension
	@$(pgxs) install

install-tool: tool
	install -D -m 755 build/pgdr '$(DESTDIR)$(PREFIX)/bin/pgdr'

uninstall:
	@$(pgxs) uninstall
	rm -f '$(DESTDIR)$(PREFIX)/bin/pgdr'

# The SQL tests on the server that PGHOST … name; `make check-regress` makes a private one for them.
installcheck:
	@$(pgxs) installcheck

clean:
	@$(pgxs) clean
	rm -rf build results regression.diffs regression.out

setup:
	@script/setup

# What the end-to-end tests run: the tool, their own S3 server, and a private PostgreSQL with the extension; build/pgroot says
# where that is.
e2e-parts: tool
	@cmake --build build --target pgdr_s3_double -j $(JOBS)
	@script/pg-private > build/pgroot.new
	@mv build/pgroot.new build/pgroot

demo:
	@script/setup demo
	@$(MAKE) -s e2e-parts
	@script/demo

bench:
	@script/setup bench
	@$(MAKE) -s e2e-parts
	@script/bench

check: setup
	@script/check

$(addprefix check-,$(CHECKS) $(OPTIONAL_CHECKS)): check-%:
	@script/check $*

help:
	@echo 'make            build the extension and the tool'
	@echo 'make install    install both (extension: where PG_CONFIG says; tool: PREFIX, by default /usr/local)'
	@echo 'make setup      install the Debian packages that building and testing need'
	@echo 'make demo       the story on a private throw-away server: back up under load, restore, prove, damage, detect'
	@echo 'make check      every test; or one part: $(addprefix make check-,$(CHECKS))'
	@echo 'make check-majors, make check-corpus   longer experiments, which download what they need: see doc/verification.md'
	@echo 'make bench      measure against count(*), pg_dump and age (BENCH_SCALE=0.05 for a trial)'
	@echo 'make clean      remove what was built'
