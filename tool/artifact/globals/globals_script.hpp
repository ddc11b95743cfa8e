// What psql is given of a backup's globals. Their text holds names and comments of the source, and
// psql runs programs: "\! rm -rf /". A pg_dumpall that has CVE-2025-8714 mended shields its output
// with \restrict, but who made this one is not known; so nothing that psql would take for one of
// its own commands gets through.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace pgdr::app {

// The script without its \restrict and \unrestrict lines. kCorrupt for any other backslash outside
// of quotes and comments, and for one in a plain '…' literal (pg_dumpall writes E'…' then): how
// that is read would depend on a setting. Pure.
Result<std::string> plain_sql(std::string_view script);

}  // namespace pgdr::app
