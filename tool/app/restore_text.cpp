#include "app/restore_text.hpp"

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

std::string createdb(const Locale& locale) {
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
  }
  return command + " -- \"$TARGET\"";
}

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
      "Needed: age (https://age-encryption.org), zstd, and PostgreSQL's client programs of "
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
  t += fmt::format(
      "{}. Create the database and fill it. On a server without the extension pgdr, use the lines\n"
      "of the last section instead of the last line here.\n\n    {}\n"
      "    {} {} | zstd --decompress --stdout | pg_restore --dbname=\"$TARGET\"\n\n",
      step++, createdb(m.locale), decrypt, dump->name);
  if (snapshot != nullptr) {
    t += fmt::format(
        "{}. Prove it. The snapshot document holds the row count and the content fingerprint of\n"
        "every table at the moment of the backup. With the extension pgdr in the restored "
        "database,\n"
        "the last line of this must say \"passed\":\n\n"
        "    {} {} | zstd --decompress --stdout > snapshot.json\n"
        "    psql --no-psqlrc --dbname=\"$TARGET\" --command=\"CREATE EXTENSION IF NOT EXISTS "
        "pgdr\"\n"
        "    printf '%s\\n' '\\set document `cat snapshot.json`' "
        "\"SELECT * FROM dr_verify_snapshot(:'document');\" | psql --no-psqlrc "
        "--dbname=\"$TARGET\"\n"
        "    rm snapshot.json\n\n",
        step++, decrypt, snapshot->name);
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
      "ACL - SCHEMA dr |ACL [^ ]+ FUNCTION dr_)");
  return t;
}

}  // namespace pgdr::app
