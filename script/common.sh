# Shared by the scripts of this folder; sourced, not run. Sets `top` (the project's root).
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

die() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

# The user a private server runs as: PostgreSQL refuses root, so root steps down.
server_user() {
  if [ "$(id -u)" != 0 ]; then
    id -un
  elif id -u postgres >/dev/null 2>&1; then
    echo postgres
  else
    echo nobody
  fi
}

# as_server COMMAND…: runs it as the server's user, from a folder that this user can enter.
as_server() {
  if [ "$(id -u)" = 0 ]; then
    (cd / && exec runuser -u "$(server_user)" -- "$@")
  else
    (cd / && exec "$@")
  fi
}

# Where this clone keeps its private PostgreSQL tree: under build/, or, when the server's user cannot reach that (a clone in
# root's home), in a folder of /var/tmp that only its owner may write to.
default_pgroot() { # default_pgroot [NAME]
  local root=$top/build/${1:-pg}
  if as_server test -x "$top"; then
    echo "$root"
    return
  fi
  root=/var/tmp/pgdr-$(id -u)-$(printf %s "$top" | sha256sum | cut -c1-12)${1:+-$1}
  mkdir -m 755 "$root" 2>/dev/null || true
  [ ! -L "$root" ] && [ -O "$root" ] || die "$root belongs to somebody else"
  echo "$root"
}
