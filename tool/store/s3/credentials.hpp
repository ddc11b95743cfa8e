// Where the keys for an object store come from, as the AWS programs have it.
//
// In this order, the first that applies:
//   1. the configured credentials file (profile: the configured one, else "default")
//   2. the configured profile, from ~/.aws/credentials and ~/.aws/config
//   3. AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, with AWS_SESSION_TOKEN where it is set
//   4. the profile $AWS_PROFILE, else "default", from the two files
// $AWS_SHARED_CREDENTIALS_FILE and $AWS_CONFIG_FILE name other files. A file that holds a secret
// must be readable by its owner alone, else kNoKey. Nothing found: kUsage saying what was looked
// at. Roles, single sign-on, credential programs and instance metadata are not supported; a profile
// that needs them is refused by name. No message ever holds a key.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "store/s3/sigv4.hpp"

namespace pgdr::store {

struct CredentialSource {
  std::string credentials_file;
  std::string profile;
  // The value of an environment variable, empty when unset; tests put their own here.
  std::function<std::string(const char*)> environment;
};

// The process's own environment.
std::string process_environment(const char* name);

Result<S3Credentials> load_credentials(const CredentialSource& source);
// AWS_REGION, AWS_DEFAULT_REGION, else the profile's region; empty when none says.
Result<std::string> load_region(const CredentialSource& source);

// "[section]" and "key = value" lines, '#' and ';' comments, indented lines ignored (nested
// settings of other services). nullopt: not of that form. Section names are trimmed.
using Ini = std::map<std::string, std::map<std::string, std::string>>;
std::optional<Ini> parse_ini(std::string_view text);

}  // namespace pgdr::store
