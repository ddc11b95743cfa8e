# The stores of the kill experiment: sourced by test/experiment/kill, not run. For the first repository, whose kind is $store:
#
#   make_first      makes it, and sets `first`, its lines in the configuration
#   first_keys      what is stored there, locks and temporaries included, a key in a line, seen without pgdr
#   first_uploads   uploads that were begun and not finished, where those are no keys
#   first_drop KEY  removes one
# shellcheck shell=bash disable=SC2034,SC2154

# A repository that is a folder in the end, whatever leads to it.
folder_keys() { (cd "$1" && find . -type f -printf '%P\n'); }
folder_drop() { rm -f "$1/$2"; }

make_first() {
  first_folder=$T/first
  case $store in
    local)
      first="type = \"local\"
path = \"$first_folder\""
      ;;
    sftp)
      first_folder=$PGDR_SFTP_ROOT/kill-$seed
      first="type = \"sftp\"
host = \"127.0.0.1\"
port = $PGDR_SFTP_PORT
user = \"$PGDR_SFTP_USER\"
path = \"$first_folder\"
identity_file = \"$PGDR_SFTP_KEYS/id_ed25519\"
known_hosts_file = \"$PGDR_SFTP_KEYS/known_hosts\""
      ;;
    rclone)
      first="type = \"rclone\"
path = \":local:$first_folder\""
      ;;
    s3)
      make_first_in_bucket
      return
      ;;
    gcs)
      make_first_in_double
      return
      ;;
  esac
  make_repository "$first_folder"
  if [ "$store" = sftp ] && [ "$(id -u)" = 0 ]; then chown -R "$PGDR_SFTP_USER" "$first_folder"; fi
  first_keys() { folder_keys "$first_folder"; }
  first_uploads() { :; }
  first_drop() { folder_drop "$first_folder" "$1"; }
}

repository_file='{"format": "pgdr-repository", "version": 1, "id": "00000000-0000-4000-8000-000000000001"}'
credentials_in() { # credentials_in FILE ID SECRET
  (umask 077 && printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n' "$2" "$3" >"$1")
}

# --- a real S3 server (script/s3-server)

s3() { # s3 METHOD PATH[?QUERY] [DATA]: below the bucket; the query's names sorted, its values encoded
  curl --silent --show-error --fail --noproxy '*' --max-time 60 --config - -X "$1" --aws-sigv4 "aws:amz:$AWS_REGION:s3" \
    -H "x-amz-content-sha256: $(printf %s "${3:-}" | sha256sum | cut -d' ' -f1)" ${3:+--data-binary "$3"} \
    "$PGDR_S3_ENDPOINT/$PGDR_S3_BUCKET$2" <<<"user = \"$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY\""
}
keys_in_xml() { grep -o '<Key>[^<]*</Key>' | sed "s|<Key>$prefix/||; s|</Key>||"; }

make_first_in_bucket() {
  prefix=kill-$$-$seed
  credentials_in "$T/credentials" "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY"
  first="type = \"s3\"
bucket = \"$PGDR_S3_BUCKET\"
prefix = \"$prefix\"
endpoint = \"$PGDR_S3_ENDPOINT\"
region = \"$AWS_REGION\"
credentials_file = \"$T/credentials\"
part_size_mib = 5"
  s3 PUT "/$prefix/pgdr-repository.json" "$repository_file" || die 'the repository is made in the bucket'
  first_keys() { s3 GET "?list-type=2&prefix=$prefix%2F" | keys_in_xml; }
  first_uploads() { s3 GET "?prefix=$prefix%2F&uploads=" | keys_in_xml; }
  first_drop() { s3 DELETE "/$prefix/$1"; }
}

# --- the tests' own server, in Google's dialect: no program that can be had here is a real one

make_first_in_double() {
  start_s3_double --google
  credentials_in "$T/credentials" "$double_key" "$double_secret"
  double "put backups/pgdr-repository.json $repository_file"
  first="type = \"gcs\"
bucket = \"bucket\"
prefix = \"backups\"
endpoint = \"$double_url\"
credentials_file = \"$T/credentials\"
part_size_mib = 5"
  first_keys() { double keys | sed -n 's|^backups/||p'; }
  first_uploads() { double uploads; }
  first_drop() { double "forget backups/$1"; }
}
