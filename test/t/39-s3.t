#!/usr/bin/env bash
# The whole tool with a local and an S3 repository, on a real S3 server.
here=$(cd "$(dirname "$0")" && pwd -P)
if [ -z "${PGDR_S3_ENDPOINT:-}" ] && command -v radosgw >/dev/null; then exec "$here/../s3/run" "$here/39-s3.t"; fi
. "$here/lib.sh"
[ -n "${PGDR_S3_ENDPOINT:-}" ] || skip_all 'no S3 server is installed (script/setup s3)'
start_cluster
make_db shop 200
sql shop 'CREATE EXTENSION pgdr'
sql shop "CREATE TABLE bulk AS SELECT i, string_agg(md5(i::text || j || random()), '') AS t FROM generate_series(1, 1500) i, generate_series(1, 400) j GROUP BY i"
make_key
make_repository
prefix=e2e-$$
(umask 077 && printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" >"$T/credentials")
cat >"$CONFIG" <<TOML
version = 1
[repository.offsite]
type = "s3"
bucket = "$PGDR_S3_BUCKET"
prefix = "$prefix"
endpoint = "$PGDR_S3_ENDPOINT_TLS"
ca_file = "$PGDR_S3_CA_FILE"
region = "$AWS_REGION"
credentials_file = "$T/credentials"
part_size_mib = 5
[repository.local]
type = "local"
path = "$REPO"
[set.shop]
database = "postgresql:///shop"
repositories = ["offsite", "local"]
recipients = ["$RECIPIENT"]
TOML
s3() { # s3 METHOD KEY [DATA]
  curl --silent --show-error --fail --noproxy '*' --max-time 60 --config - -X "$1" --aws-sigv4 "aws:amz:$AWS_REGION:s3" \
    -H "x-amz-content-sha256: $(printf %s "${3:-}" | sha256sum | cut -d' ' -f1)" ${3:+--data-binary "$3"} \
    "$PGDR_S3_ENDPOINT/$PGDR_S3_BUCKET/$prefix/$2" <<<"user = \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\""
}
copies() { sql shop "SELECT string_agg(repository || ' ' || c.state, ', ' ORDER BY repository) FROM dr.copies c JOIN dr.backups b ON b.id = c.backup WHERE label = '$1'"; }

s3 PUT pgdr-repository.json '{"format": "pgdr-repository", "version": 1, "id": "00000000-0000-4000-8000-000000000001"}'

exit_is 0 pgdr --verbose --json backup
first=$(jq -r .label <<<"$out")
unlike "$out$err" "$AWS_SECRET_ACCESS_KEY" 'the secret is in no message'
is "$(copies "$first")" 'local complete, offsite complete' 'one dump, a copy here and one in the bucket'
dump=shop/$first/database.dump.zst.age
ok 'with the same bytes' cmp <(s3 GET "$dump") "$REPO/$dump"
exit_is 0 pgdr --json list
is "$(jq -r '[.sets[0].backups[0].copies[].repository] | sort | join(" ")' <<<"$out")" 'local offsite' 'list shows both'
exit_is 0 pgdr verify --all --deep

exit_is 0 pgdr --json restore latest --to nearest
is "$(jq -r .repository <<<"$out")" local 'a restore takes the local copy, whatever comes first in the configuration'
exit_is 0 pgdr --json restore latest --to remote --repository offsite --jobs 1
is "$(jq -r .repository <<<"$out")" offsite 'or the one it is told to'
like "$out" '"passed"' 'and is proven'

# the local copy breaks in the middle: the stream goes on from the bucket, and the copy is repaired from there
truncate -s 6000000 "$REPO/$dump"
truncate -s "$(s3 GET "$dump" | wc -c)" "$REPO/$dump"
exit_is 0 pgdr --json restore latest --to half
like "$err" 'local.*not what was stored.*going on with the copy in repository offsite' 'a restore goes on with the remote copy in mid-stream'
is "$(jq -r .repository <<<"$out")" offsite 'and says where it ended'
is "$(copies "$first")" 'local damaged, offsite complete' 'the damaged copy is recorded'
exit_is 0 pgdr --json copy
is "$(jq -r '.copies[] | "\(.from) \(.repository) \(.state)"' <<<"$out")" 'offsite local repaired' 'copy repairs it from the bucket'
ok 'byte for byte' cmp <(s3 GET "$dump") "$REPO/$dump"

# the other way round
s3 DELETE "shop/$first/manifest.json"
s3 DELETE "$dump"
exit_is 1 pgdr verify --all
is "$(copies "$first")" 'local complete, offsite missing' 'a copy whose manifest and dump vanished from the bucket is noticed'
exit_is 0 pgdr --json backup
is "$(jq -r '.brought[] | "\(.label) \(.repository) \(.error)"' <<<"$out")" "$first offsite null" 'the next backup brings it there'
ok 'byte for byte' cmp <(s3 GET "$dump") "$REPO/$dump"

# a sample of what is remote
sql shop "UPDATE dr.copies SET checked_at = NULL"
for i in 1 2; do
  exit_is 0 pgdr --json verify --all --percent 1
  is "$(jq -r '[.copies[] | select(.repository == "offsite")] | length' <<<"$out")/$(jq .unread <<<"$out")" 1/1 'one of the remote copies is read'
  is "$(sql shop "SELECT count(*) FROM dr.copies WHERE repository = 'offsite' AND checked_at IS NOT NULL")" $i 'each time another one'
done
is "$(pgdr --json doctor | jq '[.sets[].checks[].finding | select(test("leftover|without a readable"))] | length')" 0 'nothing is left over'
done_testing
