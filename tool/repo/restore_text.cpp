#include "repo/restore_text.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/format.hpp"

namespace pgdr::app {
namespace {

// One line: names come from a database and must not start a line of their own.
std::string one_line(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return text;
}

constexpr int kIcuRules = 160000;  // the version that has them

std::string createdb(const Locale& locale, int version) {
  std::string command = "createdb --template=template0";
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) command += fmt::format(" {}={}", option, shell_quote(one_line(value)));
  };
  add("--encoding", locale.encoding);
  add("--lc-collate", locale.collate);
  add("--lc-ctype", locale.ctype);
  if (locale.provider == "icu") {
    command += " --locale-provider=icu";
    add("--icu-locale", locale.icu_locale);
    if (version >= kIcuRules) command += " ${RULES:+--icu-rules=\"$RULES\"}";
  }
  return command + " -- \"$TARGET\"";
}

// What belongs to the database itself, as SQL. It stands in the encrypted document alone, for it
// names roles. jq quotes every name and value, so that nothing in the document is a statement of
// its own; \u0027 is the single quote, which would end the shell's word.
constexpr const char* kProperties = R"JQ(    jq --raw-output --arg db "$TARGET" '
      def ident: "\"" + gsub("\""; "\"\"") + "\"";
      def lit: "E\u0027" + (gsub("\\\\"; "\\\\") | gsub("\u0027"; "\u0027\u0027")) + "\u0027";
      def bare: if startswith("\"") then .[1:-1] | gsub("\"\""; "\"") else . end;
      def name: "\"(?:[^\"]|\"\")*\"|[a-z0-9_]+";
      def lists: "^(search_path|temp_tablespaces|(session|shared|local)_preload_libraries|unix_socket_directories)$";
      def assign: capture("^(?<name>[^=]*)=(?<value>[\\s\\S]*)$")
        | (.name | split(".") | map(ident) | join(".")) + " TO "
        + (if .name | test(lists) then .value | [scan("\"(?:[^\"]|\"\")*\"|[^\", ]+") | bare | lit] | join(", ")
           else .value | lit end);
      ($db | ident) as $d | .database
      | (.settings[] | "ALTER DATABASE \($d) SET \(assign);"),
        ((.role_settings // [])[] | capture("^(?<role>" + name + "): (?<set>[\\s\\S]*)$")
         | "ALTER ROLE \(.role | bare | ident) IN DATABASE \($d) SET \(.set | assign);"),
        (.comment // empty | "COMMENT ON DATABASE \($d) IS \(lit);"),
        (.connection_limit | select(. >= 0) | "ALTER DATABASE \($d) CONNECTION LIMIT \(.);"),
        (.acl // empty | "REVOKE ALL ON DATABASE \($d) FROM PUBLIC;",
          (match("(?<![<a-z])(" + name + "|PUBLIC)=([A-Z,*]+)"; "g") | [.captures[].string] as $c
           | $c[1] | split(",")[] | "GRANT \(rtrimstr("*")) ON DATABASE \($d) TO "
             + (if $c[0] == "PUBLIC" then "PUBLIC" else $c[0] | bare | ident end)
             + (if endswith("*") then " WITH GRANT OPTION;" else ";" end))),
        "ALTER DATABASE \($d) OWNER TO \(.owner | ident);"' snapshot.json > properties.sql
)JQ";

}  // namespace

std::string shell_quote(const std::string& text) {
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-' || c == '/' || c == '@' || c == ':';
  });
  if (plain) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string restore_text(const Manifest& m) {
  const bool passphrase = m.recipients.empty();
  const std::string decrypt =
      passphrase ? "age --decrypt" : "age --decrypt --identity \"$IDENTITY\"";
  const Artifact* globals = m.find("globals");
  const Artifact* dump = m.find("database");
  const Artifact* snapshot = m.find("snapshot");
  std::string t;
  t += fmt::format(
      "How to restore backup {} without pgdr\n\n"
      "Database {}, PostgreSQL {}, state of {}.\n\n"
      "Needed: age (https://age-encryption.org), zstd, jq, and PostgreSQL's client programs of "
      "version\n"
      "{} or later. Run the indented lines in this folder, in a POSIX shell, connected as a\n"
      "superuser (PGHOST, PGPORT and PGUSER choose the server).\n\n",
      m.label, shell_quote(one_line(m.database)), one_line(m.server_version),
      to_iso(m.recovery_point), m.server_version_num / 10000);
  t += "1. Say what is restored where.";
  if (passphrase) {
    t += " age asks for the passphrase at each step.\n\n";
  } else {
    t += fmt::format(" The identity file holds the private key of {}:\n",
                     m.recipients.size() == 1 ? "this recipient" : "one of these recipients");
    for (const auto& r : m.recipients) t += "   " + one_line(r) + "\n";
    t += "\n    export IDENTITY=\"${IDENTITY:-identity.txt}\"\n";
  }
  t += fmt::format("    export TARGET=\"${{TARGET:-{}}}\"\n\n", "restored");
  t += "2. Check that every file is what was stored.\n\n    sha256sum --check SHA256SUMS\n\n";
  int step = 3;
  if (globals != nullptr) {
    t += fmt::format(
        "{}. Only on a server that lacks the roles and tablespaces: create them. A message that a\n"
        "role exists already is harmless.\n\n"
        "    {} {} | zstd --decompress --stdout | psql --no-psqlrc --quiet --dbname=postgres\n\n",
        step++, decrypt, globals->name);
  }
  const std::string decrypt_snapshot =
      snapshot == nullptr ? ""
                          : fmt::format("    {} {} | zstd --decompress --stdout > snapshot.json\n",
                                        decrypt, snapshot->name);
  const bool rules =
      snapshot != nullptr && m.locale.provider == "icu" && m.server_version_num >= kIcuRules;
  t += fmt::format(
      "{}. Create the database and fill it. On a server without the extension pgdr, use the lines\n"
      "of the last section instead of the last line here.\n\n",
      step++);
  if (rules) {
    t += decrypt_snapshot +
         "    RULES=$(jq --raw-output '.database.icu_rules // empty' snapshot.json)\n";
  }
  t += fmt::format(
      "    {}\n    {} {} | zstd --decompress --stdout | pg_restore --dbname=\"$TARGET\"\n\n",
      createdb(m.locale, m.server_version_num), decrypt, dump->name);
  if (snapshot != nullptr) {
    t += fmt::format(
        "{}. Give the database its own settings (of roles in it, too), comment, connection limit,\n"
        "privileges and owner, which the dump does not carry. A message that a role does not "
        "exist\n"
        "names what is lost without it.\n\n",
        step++);
    t += decrypt_snapshot + kProperties +
         "    psql --no-psqlrc --quiet --dbname=postgres --file=properties.sql\n"
         "    rm properties.sql\n\n";
    t += fmt::format(
        "{}. Prove it. The snapshot document holds the row count and the content fingerprint of\n"
        "every table at the moment of the backup. With the extension pgdr in the restored "
        "database,\n"
        "the last line of this must say \"passed\":\n\n"
        "    psql --no-psqlrc --dbname=\"$TARGET\" --command=\"CREATE EXTENSION IF NOT EXISTS "
        "pgdr\"\n"
        "    printf '%s\\n' '\\set document `cat snapshot.json`' "
        "\"SELECT * FROM dr_verify_snapshot(:'document');\" | psql --no-psqlrc "
        "--dbname=\"$TARGET\"\n"
        "    rm snapshot.json\n\n",
        step++);
  }
  t += fmt::format(
      "On a server without the extension pgdr\n\n"
      "The dump carries the extension's own records, which such a server cannot take. Leave them\n"
      "out:\n\n"
      "    {0} {1} | zstd --decompress --stdout | pg_restore --list | grep -Ev \"{2}\" > "
      "restore.list\n"
      "    {0} {1} | zstd --decompress --stdout | pg_restore --use-list=restore.list "
      "--dbname=\"$TARGET\"\n"
      "    rm restore.list\n",
      decrypt, dump->name,
      " (EXTENSION - pgdr|COMMENT - EXTENSION pgdr|TABLE DATA dr |SEQUENCE SET dr |ACL dr |"
      "ACL - SCHEMA dr |ACL [^ ]+ FUNCTION dr_((backup|cop(ies|y)|event|restore|snapshot|table|"
      "verif(ication|y))_[a-z]+|check_integrity|detect_loss|differences(_[a-z]+)?|fingerprint|"
      "grant|objective_set|revoke|run_failed|(un)?schedule_snapshots|status)[(])");
  return t;
}

}  // namespace pgdr::app
