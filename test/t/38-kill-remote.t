#!/usr/bin/env bash
# As 38-kill.t, with a store that has multipart uploads and a lock that outlives its holder.
top=$(cd "$(dirname "$0")/../.." && pwd -P)
exec "$top/test/experiment/kill" gcs 3
