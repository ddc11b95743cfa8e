// Repositories as `pgdr init --repository` takes them: a folder, or a place elsewhere written like
// an address whose query holds any further keys of the configuration. Pure.
//
//   /var/backups/pgdr
//   sftp://pgdr@backup.example.com:2222/srv/backups/db1?identity_file=/etc/pgdr/id_ed25519
//   s3://example-backups/db1?endpoint=https://s3.example.com&credentials_file=/etc/pgdr/s3.keys
//   gs://example-backups/db1?credentials_file=/etc/pgdr/gcs.keys
//   rclone:b2:backups/db1
#pragma once

#include <string>

#include "config/config.hpp"

namespace pgdr::app {

// "local", "sftp", "s3", "gcs" or "rclone", by how it is written.
std::string place_type(const std::string& place);
// Everything that the configuration's own reader would refuse is refused: kUsage. A password in it
// is refused and not repeated.
Result<RepositoryConfig> parse_place(const std::string& name, const std::string& place);

// The [repository.NAME] that says the same: keys that have their default are left out.
std::string repository_text(const RepositoryConfig& repository);

}  // namespace pgdr::app
