#!/usr/bin/env bash
# kill -9 at a few random moments of backup, copy, expire and restore; more, and every store: test/experiment/kill STORE COUNT SEED.
top=$(cd "$(dirname "$0")/../.." && pwd -P)
exec "$top/test/experiment/kill" local 5
