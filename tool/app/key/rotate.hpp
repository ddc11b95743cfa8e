// `pgdr key rotate`: other recipients for new backups. Old ones stay as they are locked; see
// app/key/rewrap.hpp for them.
#pragma once

#include <string>
#include <vector>

#include "config/config.hpp"

namespace pgdr::app {

struct RotateRequest {
  std::string set;
  std::vector<std::string> add;     // age1…
  std::vector<std::string> remove;  // age1…; each must be there
  bool replace = false;             // only `add` afterwards
};

struct Rotation {
  std::string file;  // that was, or would be, changed: the configuration or the recipients_file
  std::string text;  // its new content
  std::vector<std::string> before;
  std::vector<std::string> after;
  std::vector<std::string> sets;  // all that take their recipients from the place that changes
};

// Where the set's recipients are written (its own list, that of [defaults], or its
// recipients_file), that list and nothing else changes: comments and order stay. config_text is the
// content of config.path. kUsage: nothing would be left, a key that is not there is removed, the
// set has a passphrase, or recipients in two places.
Result<Rotation> plan_rotation(const Config& config, const std::string& config_text,
                               const RotateRequest& request);

}  // namespace pgdr::app
