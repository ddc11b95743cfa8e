#!/usr/bin/env bash
# A set whose backups go to an SSH server: init, doctor, backup, list, verify, restore; and what a wrong key or a server that is
# gone looks like to the operator.
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC1091
[ -x "$(command -v sshd || echo /usr/sbin/sshd)" ] || skip_all 'no sshd here: script/setup check'
start_cluster
make_db shop 100
make_key one
mkdir "$T/ssh"
chmod 755 "$T"
server() { "$top/script/sftp-server" "$1" "$T/ssh"; }
exports=$(server up) || die 'the SSH server did not start'
eval "$exports"
stop_ssh() { server down; }
trap 'stop_ssh; cleanup' EXIT
unset SSH_AUTH_SOCK PGDR_IDENTITY
place="sftp://$PGDR_SFTP_USER@127.0.0.1:$PGDR_SFTP_PORT$PGDR_SFTP_ROOT/shop"
keys="identity_file=$PGDR_SFTP_KEYS/id_ed25519&known_hosts_file=$PGDR_SFTP_KEYS/known_hosts"
init() { "$PGDR_BIN" --config "$CONFIG" init --database shop --recipient "$RECIPIENT" --repository "$@"; }

# --- wrong input ---------------------------------------------------------------------------------------------------------
exit_is 2 init "sftp://u:hunter2@127.0.0.1/x"
unlike "$err" hunter2 'a password in an address is not repeated'
exit_is 2 init "$place?known_host_file=/x"
like "$err" "did you mean 'known_hosts_file'" 'an unknown key names the nearest'
exit_is 2 init 'ftp://127.0.0.1/x'
like "$err" 'sftp://HOST/PATH' 'an unknown kind of address names the known ones'
exit_is 10 init "sftp://$PGDR_SFTP_USER@127.0.0.1:$PGDR_SFTP_PORT$PGDR_SFTP_ROOT/no/such?$keys"
: >"$T/hosts"
exit_is 1 init "$place?identity_file=$PGDR_SFTP_KEYS/id_ed25519&known_hosts_file=$T/hosts"
like "$err" 'host key of 127.0.0.1:[0-9]+ is not known.*SHA256' 'an unknown host key is refused'
like "$err" "ssh-keyscan .*>> $T/hosts" 'with the command that adds it'
exit_is 1 init "$place?identity_file=$PGDR_SFTP_KEYS/id_stranger&known_hosts_file=$PGDR_SFTP_KEYS/known_hosts"
like "$err" 'authorized_keys' 'a key that is not let in says where it belongs'
not_ok 'nothing was written so far' test -e "$CONFIG"

# --- from nothing to a proven restore ---------------------------------------------------------------------------------------
exit_is 0 init "offsite=$place?$keys"
like "$(cat "$CONFIG")" 'type = "sftp"' 'the configuration says where'
exit_is 0 init "offsite=$place?$keys"
like "$out" 'nothing was changed' 'a second run changes nothing'
exit_is 0 pgdr doctor
like "$out" 'repository offsite +sftp://.* is writable' 'doctor tries it out'
like "$out" 'store offsite +.*OpenSSH' 'and says what is there'
is "$(find "$PGDR_SFTP_ROOT/shop" -type f ! -name '.lock*' | wc -l)" 1 'and leaves nothing behind'
exit_is 0 pgdr backup
exit_is 0 pgdr list
like "$out" 'offsite' 'the backup is listed from there'
exit_is 0 pgdr restore latest --to shop_copy --identity "$IDENTITY"
exit_is 0 pgdr verify --deep --identity "$IDENTITY"
is "$(sql shop_copy 'SELECT count(*) FROM users')" "$(sql shop 'SELECT count(*) FROM users')" 'every row is back'
label=$(pgdr --json list | jq -r '.. | .label? // empty' | head -1)
is "$(stat -c %a "$PGDR_SFTP_ROOT/shop/shop/$label/manifest.json")" 600 'what is stored is private'

# --- the server is gone --------------------------------------------------------------------------------------------------
server stop
exit_is 1 pgdr backup
like "$err" "cannot connect to 127.0.0.1 port $PGDR_SFTP_PORT" 'a server that is gone is named'
server start
exit_is 0 pgdr backup
is "$(pgdr --json list | jq '[.. | .label? // empty] | unique | length')" 2 'and the next backup works'
done_testing
