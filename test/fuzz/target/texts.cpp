// Short texts from configuration, environment and servers: connection strings, times, rates,
// credentials, lists.

#include <string>

#include "base/base64.hpp"
#include "base/clock.hpp"
#include "config/schedule.hpp"
#include "base/quantity.hpp"
#include "db/conninfo.hpp"
#include "db/errors.hpp"
#include "fuzz/fuzz.hpp"
#include "store/s3/credentials.hpp"
#include "store/rclone/rclone_client.hpp"
#include "store/s3/s3_client.hpp"
#include "store/sftp/sftp_wire.hpp"
#include "store/s3/sigv4.hpp"

namespace pgdr {

PGDR_FUZZ_TARGET(conninfo, input) {
  const auto info = db::Conninfo::parse(std::string(input));
  if (!info) return;
  const std::string shown = info->without_secrets();
  const auto again = db::Conninfo::parse(shown);
  fuzz::require(again.ok() && again->settings() == info->settings(), "it reads back otherwise");
  fuzz::require(again->password().empty(), "a password is shown");
}

PGDR_FUZZ_TARGET(server_message, input) {
  static_cast<void>(db::connect_error(std::string(input), "postgresql://h/d"));
  const std::string text(input);
  static_cast<void>(db::statement_error({text.substr(0, 5), text, text, text, text}));
  static_cast<void>(db::lost_connection(text));
}

PGDR_FUZZ_TARGET(times, input) {
  if (const auto time = parse_iso(input)) {
    const auto again = parse_iso(to_iso(*time));
    fuzz::require(again.ok() && *again == *time, "a time reads back otherwise");
    to_label_time(*time);
    to_local(*time);
  }
  valid_label(input);
  ScheduleTime at;
  if (parse_schedule_time(input, at)) {
    fuzz::require(at.hour >= 0 && at.hour < 24 && at.minute >= 0 && at.minute < 60 &&
                      at.weekday >= -1 && at.weekday < 7,
                  "a time of no day");
  }
  parse_duration(input);
  parse_rate(input);
  store::parse_http_date(input);
  if (const auto raw = base64_decode(input)) {
    fuzz::require(base64_encode(bytes_of(*raw)) == input, "Base64 reads back otherwise");
  }
}

PGDR_FUZZ_TARGET(credentials, input) {
  store::parse_ini(input);
  fuzz::require(store::uri_encode(input, true).size() <= 3 * input.size(), "encoded too long");
  const std::string text(input);
  store::SignedParts parts{"GET",
                           "/" + text,
                           {{text, text}, {"a", text}},
                           {{"Host", text}, {text, text}},
                           std::string(64, 'a')};
  store::sign(parts, {"key", "secret", text}, text, Time{});
}

PGDR_FUZZ_TARGET(rclone, input) {
  const auto items = store::parse_rclone_items(std::string(input));
  if (items) fuzz::require(items->size() <= input.size(), "more than there is");
}

PGDR_FUZZ_TARGET(sftp, input) {
  if (const auto names = store::sftp::read_names(input)) {
    fuzz::require(names->size() <= input.size(), "more than there is");
    for (const auto& one : *names) {
      fuzz::require(!(one.attributes.is_file() && one.attributes.is_folder()), "two kinds");
    }
  }
  if (const auto version = store::sftp::read_version(input)) {
    fuzz::require(version->extensions.size() <= input.size(), "more than there is");
  }
  store::sftp::Fields fields(input);
  store::sftp::read_attributes(fields);
}

}  // namespace pgdr
