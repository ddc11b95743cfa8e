# Debian packages and sources without touching this machine's own: sourced after common.sh, not run.
# shellcheck shell=bash

# private_apt FOLDER 'deb|deb-src SUITE'…: an apt with state, cache and sources of its own in FOLDER (made if missing) and no
# package installed, its lists up to date. Afterwards `apt_in FOLDER apt-get …` is that apt. Needs no root. Returns 1, with the
# reason on standard error, where there is no apt or the mirror is out of reach.
#   PGDR_MIRROR           the Debian mirror; default http://deb.debian.org/debian
#   PGDR_SECURITY_MIRROR  where the suites named …-security are; default http://deb.debian.org/debian-security
private_apt() {
  local folder=$1 line mirror key=/usr/share/keyrings/debian-archive-keyring.gpg
  shift
  command -v apt-get >/dev/null || { echo 'there is no apt-get' >&2; return 1; }
  [ -r "$key" ] || { echo "there is no $key (package debian-archive-keyring)" >&2; return 1; }
  mkdir -p "$folder"/{lists/partial,cache/archives/partial,parts}
  : >"$folder/status"
  for line in "$@"; do
    mirror=${PGDR_MIRROR:-http://deb.debian.org/debian}
    [[ $line != *-security ]] || mirror=${PGDR_SECURITY_MIRROR:-http://deb.debian.org/debian-security}
    echo "${line%% *} [signed-by=$key] $mirror ${line##* } main"
  done >"$folder/sources.list"
  # A proxy that this machine's apt needs is kept; nothing else of its settings is.
  apt-config dump --format '%F "%v";%n' 2>/dev/null | grep '^Acquire::[a-z]*::Proxy' >"$folder/apt.conf" || true
  cat >>"$folder/apt.conf" <<CONF
Dir::State "$folder"; Dir::State::status "$folder/status"; Dir::Cache "$folder/cache";
Dir::Etc::sourcelist "$folder/sources.list"; Dir::Etc::sourceparts "$folder/parts"; Dir::Etc::parts "$folder/parts";
Dir::Etc::preferences "/dev/null"; Dir::Etc::preferencesparts "$folder/parts"; Dir::Etc::trustedparts "$folder/parts";
Acquire::Languages "none"; Acquire::Retries "3"; Acquire::http::Timeout "30"; Acquire::Check-Valid-Until "false";
APT::Sandbox::User ""; APT::Install-Recommends "false";
CONF
  apt_in "$folder" apt-get -q update -o APT::Update::Error-Mode=any >"$folder/update.log" 2>&1 || {
    echo 'the Debian mirror cannot be read:' >&2
    grep -E '^(E|W|Err)' "$folder/update.log" | head -5 >&2
    return 1
  }
}

apt_in() { # apt_in FOLDER COMMAND…
  local folder=$1
  shift
  APT_CONFIG=$folder/apt.conf "$@"
}
