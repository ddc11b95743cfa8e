// Reading another database of the cluster: a dynamic background worker connects to it as the
// calling role, collects the document there and sends it back over a shared-memory queue.
//
//   char* json = collect_from("shop_restore", true, true);
//
// No password, no pg_hba rule and no extension in the other database are needed; its CONNECT
// privilege, datallowconn and the role's LOGIN are checked as for any connection. Errors of the
// worker are raised here with their SQLSTATE, message, detail and hint. When this backend is
// cancelled or its transaction aborts, the worker is told to stop.
#pragma once

#include "pg.hpp"

namespace pgdr {

// JSON text in the current memory context and in this database's encoding.
char* collect_from(const char* target, bool content, bool schema);

}  // namespace pgdr
