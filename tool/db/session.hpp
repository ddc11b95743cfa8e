// The settings of sessions: ours, and those of child programs. A role, a database, a service file
// or the environment may set anything for both; what could spoil a backup or a restore is the same
// everywhere and harmless.
//
// Ours are set after the connection is made; children get theirs in the connection string, where
// they go before those of role and database.
#pragma once

#include <string>
#include <vector>

namespace pgdr::db {

struct Pin {
  const char* name;
  const char* value;
  int since = 0;  // server version; pg_settings knows no such name before
};

// For every session, and for children, which get DateStyle and TimeZone by their environment: that
// a pooler takes, too.
const std::vector<Pin>& session_pins();
const std::vector<Pin>& child_pins();

// SELECT set_config(…), … for a server of that version.
std::string session_settings(int server_version);
// SELECT current_setting(…), … of child_pins(), in their order; NULL where the server has none.
std::string child_settings_query();

// The `options` of a child: those that the operator gave, then the pins. present: what
// child_settings_query() gave; with only_different, just the pins that differ from it, since a
// connection pooler takes no options. Pure.
std::string child_options(const std::string& given, const std::vector<std::string>& present,
                          int server_version, bool only_different, bool check_client);

}  // namespace pgdr::db
