// Running code that belongs to a table as the table's owner, as REFRESH MATERIALIZED VIEW, VACUUM
// and amcheck do: what the owner's functions do is done with the owner's rights and never with
// those of whoever verifies. In a security-restricted operation they can neither change the role
// nor leave behind what would run later (temporary objects, cursors WITH HOLD, LISTEN).
//
//   const FormerUser former = act_as_owner(rel->rd_rel->relowner);
//   ... OutputFunctionCall(...)
//   act_as_before(former);
//
// The owner is not subject to the table's policies meanwhile, even where they are forced: whoever
// verifies has proved the right to all rows before.
//
// An ERROR in between needs no care: the end of the (sub)transaction brings the user back.
#pragma once

#include "pg.hpp"

namespace pgdr {

struct FormerUser {
  Oid user;
  int security;
};

// owner: InvalidOid changes nothing.
inline FormerUser act_as_owner(Oid owner) {
  FormerUser former{InvalidOid, 0};
  GetUserIdAndSecContext(&former.user, &former.security);
  if (OidIsValid(owner))
    SetUserIdAndSecContext(owner,
                           former.security | SECURITY_RESTRICTED_OPERATION | SECURITY_NOFORCE_RLS);
  return former;
}

inline void act_as_before(const FormerUser& former) {
  SetUserIdAndSecContext(former.user, former.security);
}

}  // namespace pgdr
