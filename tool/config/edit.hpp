// Where in the text of a configuration file something stands, so that it can be changed and every
// comment stays.
#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "base/result.hpp"

namespace pgdr {

struct RecipientsPlace {
  std::size_t begin = 0;  // of the list's value in the text, its brackets included; bytes
  std::size_t end = 0;
  bool own = false;                 // the set's own list, not that of [defaults]
  std::set<std::string> with_keys;  // sets with recipients or a recipients_file of their own
};

// The list of recipients that holds for the set. kUsage when the text is no TOML or has none.
Result<RecipientsPlace> find_recipients(const std::string& text, const std::string& path,
                                        const std::string& set);

}  // namespace pgdr
