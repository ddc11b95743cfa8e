#!/usr/bin/env bash
# What runs when: the printed units are valid for systemd, and the printed commands for pgdr.
. "$(dirname "$0")/lib.sh"
write_config shop
printf '[schedule]\nweekly = "Sun 03:00"\nevery_hours = 6\nprogram = "%s"\nuser = "root"\ntime_zone = "Europe/Berlin"\n' "$PGDR_BIN" >>"$CONFIG"
mkdir "$T/units"
exit_is 0 pgdr schedule print systemd -o "$T/units"
is "$(ls "$T/units" | wc -l)" 10 'five services, each with a timer'
if command -v systemd-analyze >/dev/null; then
  # Of the units themselves: what else this host has or lacks is none of the test's business.
  said=$(cd "$T/units" && systemd-analyze verify --man=no --recursive-errors=no ./*.service ./*.timer 2>&1 | grep -F pgdr-)
  is "$said" '' 'systemd-analyze has nothing to say about them'
else
  skip 'there is no systemd-analyze' 1
fi
exit_is 0 pgdr schedule print cron
is "$(grep -c "$PGDR_BIN" <<<"$out")" 5 'five lines'
# Each command is one that pgdr knows: its own help answers instead of a complaint about usage.
while read -r line; do
  command=${line#*; }
  ok "pgdr knows: ${command#*--quiet }" bash -c "$command --help"
done < <(grep -F "$PGDR_BIN" <<<"$out")
exit_is 2 pgdr schedule print anacron
done_testing
