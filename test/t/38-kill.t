#!/usr/bin/env bash
# kill -9 at a few random moments of backup, copy and restore: test/experiment/kill does it a hundred times, over every store.
top=$(cd "$(dirname "$0")/../.." && pwd -P)
exec "$top/test/experiment/kill" local 3
