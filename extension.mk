# The extension, by PGXS. Run from the project's root by the Makefile: make -f extension.mk PG_CONFIG=… [install …]

EXTENSION_VERSION := 0.2.0

# extension/sql/README.md says how the scripts are made.
sql_tables := $(sort $(wildcard extension/sql/[01]*.sql))
sql_code := $(sort $(wildcard extension/sql/[2-9]*.sql))
upgrades := $(wildcard extension/sql/upgrade/*--$(EXTENSION_VERSION))

MODULE_big := pgdr
OBJS := $(patsubst %.cpp,%.o,$(sort $(wildcard extension/*/*.cpp extension/*/*/*.cpp)))
# PGXS takes the control file from here and installs it by its base name.
EXTENSION := extension/pgdr
DATA_built := extension/pgdr--$(EXTENSION_VERSION).sql $(patsubst extension/sql/upgrade/%,extension/pgdr--%.sql,$(upgrades))
REGRESS := $(sort $(patsubst sql/%.sql,%,$(wildcard sql/*.sql)))
REGRESS_OPTS := --encoding=UTF8

PG_CONFIG ?= pg_config
# Bitcode for JIT inlining would need the server's own clang version, for functions that never run per row in a query.
override with_llvm := no

PGXS_CXXFLAGS := -std=c++20 -O2 -MMD -MP -Wall -Wextra -Werror -fno-exceptions -fno-rtti -fno-threadsafe-statics \
	-fvisibility=hidden -fno-math-errno
# The server's own headers are not ours to warn about.
PG_CPPFLAGS := -Iextension -isystem $(shell $(PG_CONFIG) --includedir-server)
PG_CXXFLAGS := $(PGXS_CXXFLAGS)
# For keyed digests: OpenSSL 1.1.1 or later. LIBCRYPTO names the one that the server itself loads, where that is not the
# machine's (script/pg-major).
LIBCRYPTO ?= -lcrypto
SHLIB_LINK := $(LIBCRYPTO)

EXTRA_CLEAN := $(DATA_built) $(OBJS:.o=.d)

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)
-include $(OBJS:.o=.d)

extension/pgdr--$(EXTENSION_VERSION).sql: $(sql_tables) $(sql_code)
	cat $^ > $@

extension/pgdr--%--$(EXTENSION_VERSION).sql: extension/sql/upgrade/%--$(EXTENSION_VERSION)/1-before.sql $(sql_code) \
		extension/sql/upgrade/%--$(EXTENSION_VERSION)/2-after.sql
	sed -E "s/(^|')CREATE (FUNCTION|AGGREGATE)/\1CREATE OR REPLACE \2/" $^ > $@

# A changed compiler flag rebuilds.
$(OBJS): extension.mk
