# The extension, by PGXS. Run from the project's root by the Makefile: make -f extension.mk PG_CONFIG=… [install …]

EXTENSION_VERSION := 0.1.0

MODULE_big := pgdr
OBJS := $(patsubst %.cpp,%.o,$(sort $(wildcard extension/*.cpp extension/core/*.cpp)))
# PGXS takes the control file from here and installs it by its base name.
EXTENSION := extension/pgdr
DATA_built := extension/pgdr--$(EXTENSION_VERSION).sql
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

EXTRA_CLEAN := extension/pgdr--$(EXTENSION_VERSION).sql $(OBJS:.o=.d)

PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)
-include $(OBJS:.o=.d)

extension/pgdr--$(EXTENSION_VERSION).sql: $(sort $(wildcard extension/sql/*.sql))
	cat $^ > $@

# A changed compiler flag rebuilds.
$(OBJS): extension.mk
