#!/usr/bin/env bash
# Backups deleted behind pgdr's back, or a repository set back to an earlier state: every command that looks notices, and nothing
# older is taken for the newest without being told to.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 20
sql shop 'CREATE EXTENSION pgdr'
make_key
cat >"$CONFIG" <<TOML
version = 1
[repository.a]
type = "local"
path = "$T/a"
[repository.b]
type = "local"
path = "$T/b"
[set.shop]
database = "postgresql:///shop"
repositories = ["a", "b"]
recipients = ["$RECIPIENT"]
[restore]
identity_file = "$IDENTITY"
[retention]
keep_last = 2
TOML
for name in a b; do make_repository "$T/$name"; done
copies() { sql shop "SELECT string_agg(repository || ' ' || c.state, ', ' ORDER BY repository) FROM dr.copies c JOIN dr.backups b ON b.id = c.backup WHERE label = '$1'"; }
events() { sql shop "SELECT count(*) FROM dr.events WHERE kind = 'copy_missing' AND message LIKE '%$1%'"; }
take() { exit_is 0 pgdr backup; label=$(sql shop 'SELECT label FROM dr.backups ORDER BY id DESC LIMIT 1'); }

take; one=$label
cp -a "$T/a" "$T/a.early"
take; two=$label
take; three=$label
exit_is 0 pgdr verify
exit_is 0 pgdr status
is "$err" '' 'nothing is missing'

# --- from one repository ----------------------------------------------------------------------------------------------------------------
rm -r "$T/a/shop/$three"
exit_is 1 pgdr verify
like "$err" "backup $three is no longer in repository a" 'verify says which is gone, and where'
is "$(copies "$three")" 'a missing, b complete' 'the catalog knows'
is "$(events "$three")" 1 'by one event'
exit_is 0 pgdr verify
exit_is 0 pgdr status
is "$(events "$three")" 1 'and no more of it, however often one looks'
exit_is 0 pgdr restore latest --to from_b
like "$out$err" "$three" 'the other repository has the newest'
exit_is 0 pgdr copy
is "$(copies "$three")" 'a complete, b complete' 'it is brought again'

# an older one is noticed as well
rm -r "$T/b/shop/$one"
exit_is 1 pgdr --json verify
is "$(jq -r '.copies[] | select(.state == "missing") | .label + " " + .repository' <<<"$out")" "$one b" 'verify of the newest looks at all labels'
exit_is 0 pgdr copy

# --- a repository set back to its earlier state -------------------------------------------------------------------------------------------
mv "$T/a" "$T/a.late"
cp -a "$T/a.early" "$T/a"
exit_is 0 pgdr status
like "$err" "backup $three is no longer in repository a" 'status notices'
like "$err" "backup $two is no longer in repository a" 'of each of the newest'
is "$(copies "$two") / $(copies "$three")" 'a missing, b complete / a missing, b complete' 'and the catalog knows'
rm -r "$T/a"
mv "$T/a.late" "$T/a"
exit_is 0 pgdr copy
is "$(copies "$two") / $(copies "$three")" 'a complete, b complete / a complete, b complete' 'what is there again is found'

# --- from all of them ---------------------------------------------------------------------------------------------------------------------
mkdir "$T/aside"
for name in a b; do mv "$T/$name/shop/$three" "$T/aside/$name"; done
capture pgdr doctor
is "$code" 10 'doctor fails'
like "$out" "\[FAIL\] *newest backup .*$three.*no other repository holds it" 'and says why'
is "$(copies "$three")" 'a missing, b missing' 'the catalog knows'
is "$(events "$three")" 4 'by one event for each copy'
for _ in 1 2; do
  exit_is 1 pgdr verify
  like "$err" "backup $three is missing in repository a; no other repository holds it" 'verify says so each time'
done
is "$(events "$three")" 4 'of one fact there is one event'
exit_is 0 pgdr --json status
is "$(jq -r '.sets[0].lost[] | .label + " " + .repository + " " + (.everywhere | tostring)' <<<"$out" | sort | paste -sd,)" \
  "$three a true,$three b true" 'status tells programs'
capture pgdr list
is "$code" 3 'list does not pass over it'
like "$err" "$three.* in no repository" 'and names it'

exit_is 10 pgdr restore latest --to older
like "$err" "the newest backup that the catalog knows, $three" 'restore latest refuses to take an older one for the newest'
like "$err" "pgdr restore $two" 'and says how to have it'
is "$(sql postgres "SELECT count(*) FROM pg_database WHERE datname = 'older'")" 0 'nothing was created'
exit_is 10 pgdr restore latest --repository a --to older
exit_is 0 pgdr restore latest --accept-older --to older
like "$err" "warning: the newest backup that the catalog knows, $three" 'told to, it says what it does'
exit_is 0 pgdr restore "$two" --to by_name
unlike "$err" 'newest backup that the catalog knows' 'who names a backup gets it'
for name in a b; do mv "$T/aside/$name" "$T/$name/shop/$three"; done
exit_is 0 pgdr copy
exit_is 0 pgdr verify
is "$(copies "$three")" 'a complete, b complete' 'back again, all is well'

# --- what was expired is not lost -----------------------------------------------------------------------------------------------------------
exit_is 0 pgdr expire
is "$(ls "$T/a/shop" | grep -c Z-)" 2 'two are kept'
exit_is 0 pgdr verify
exit_is 0 pgdr verify --all
exit_is 0 pgdr status
is "$err" '' 'nothing is missing'
exit_is 0 pgdr restore latest --to after_expire
done_testing
