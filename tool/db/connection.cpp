#include "db/connection.hpp"

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <utility>

#include <fmt/format.h>
#include <libpq-fe.h>
#include <poll.h>

#include "base/interrupt.hpp"
#include "base/log.hpp"
#include "db/conninfo.hpp"
#include "db/errors.hpp"
#include "db/session.hpp"

namespace pgdr::db {
namespace {

using std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::chrono::seconds kConnectTimeout{30};  // unless connect_timeout says otherwise
constexpr int kPoolerTries = 3;
constexpr std::chrono::seconds kCancelPatience{10};  // for a cancelled statement to come back

struct ResultFree {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ResultFree>;
struct ConnFree {
  void operator()(PGconn* conn) const { PQfinish(conn); }
};
using ConnPtr = std::unique_ptr<PGconn, ConnFree>;
struct CancelFree {
  void operator()(PGcancel* cancel) const { PQfreeCancel(cancel); }
};

enum class Wake { kReady, kInterrupt, kTimeout };

// Waits for the socket (events as poll's), for a signal unless deaf, for the deadline if there is
// one. An error of poll() counts as ready: libpq then finds out what is wrong.
Wake wait_socket(PGconn* conn, short events, bool deaf, const SteadyTime* deadline) {
  while (true) {
    int timeout = -1;
    if (deadline != nullptr) {
      const auto left =
          std::chrono::ceil<milliseconds>(*deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) return Wake::kTimeout;
      timeout = static_cast<int>(left.count());
    }
    pollfd fds[2] = {{PQsocket(conn), events, 0}, {deaf ? -1 : interrupt_fd(), POLLIN, 0}};
    const int n = poll(fds, 2, timeout);
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) return Wake::kTimeout;
    if (n > 0 && fds[1].revents != 0) return Wake::kInterrupt;
    return Wake::kReady;
  }
}

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text != nullptr ? text : "";
}

void on_notice(void* /*arg*/, const PGresult* result) {
  const std::string severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  std::string text = field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (const std::string detail = field(result, PG_DIAG_MESSAGE_DETAIL); !detail.empty()) {
    text += " (" + detail + ")";
  }
  if (severity == "WARNING") {
    log_warning("server: " + text);
  } else {
    log_verbose("server: " + text);
  }
}

// "database "prompt69" at /var/run/postgresql:5432", from what is known before a connection.
std::string describe_target(PGconn* conn, const Conninfo& info) {
  const auto known = [](const char* text) { return text != nullptr ? std::string(text) : ""; };
  std::string name = conn != nullptr ? known(PQdb(conn)) : "";
  if (name.empty()) name = info.get("dbname");
  std::string host = conn != nullptr ? known(PQhost(conn)) : "";
  const std::string port = conn != nullptr ? known(PQport(conn)) : "";
  if (host.empty()) host = "the local server";
  return fmt::format("database \"{}\" at {}{}{}", name, host, port.empty() ? "" : ":", port);
}

// What a connection uses, wherever it comes from: string, service file, environment.
std::string in_use(PGconn* conn, const char* keyword) {
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(PQconninfo(conn),
                                                                             PQconninfoFree);
  for (auto* option = options.get(); option != nullptr && option->keyword != nullptr; ++option) {
    if (std::strcmp(option->keyword, keyword) == 0)
      return option->val != nullptr ? option->val : "";
  }
  return {};
}

std::chrono::seconds connect_timeout(PGconn* conn) {
  const long seconds = std::strtol(in_use(conn, "connect_timeout").c_str(), nullptr, 10);
  return seconds > 0 ? std::chrono::seconds(seconds) : kConnectTimeout;
}

Result<ConnPtr> connect(const Conninfo& info) {
  std::vector<const char*> keywords;
  std::vector<const char*> values;
  const auto add = [&](const char* keyword, const char* value) {
    keywords.push_back(keyword);
    values.push_back(value);
  };
  add("fallback_application_name", "pgdr");
  for (const auto& [keyword, value] : info.settings()) {
    if (keyword != "client_encoding") add(keyword.c_str(), value.c_str());
  }
  if (!info.password().empty()) add("password", info.password().c_str());
  add("client_encoding", "UTF8");
  add(nullptr, nullptr);

  ConnPtr conn(PQconnectStartParams(keywords.data(), values.data(), 0));
  if (!conn) return Error::of(Code::kFailed, "out of memory for a connection");
  PQsetErrorVerbosity(conn.get(), PQERRORS_VERBOSE);  // see connect_error()
  PQsetNoticeReceiver(conn.get(), on_notice, nullptr);
  const SteadyTime deadline = std::chrono::steady_clock::now() + connect_timeout(conn.get());
  auto next = PQstatus(conn.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
    const short events = next == PGRES_POLLING_READING ? POLLIN : POLLOUT;
    switch (wait_socket(conn.get(), events, false, &deadline)) {
      case Wake::kInterrupt:
        return interrupted_error();
      case Wake::kTimeout:
        return connect_error("no answer in time", describe_target(conn.get(), info));
      case Wake::kReady:
        next = PQconnectPoll(conn.get());
    }
  }
  if (next != PGRES_POLLING_OK) {
    return connect_error(PQerrorMessage(conn.get()), describe_target(conn.get(), info));
  }
  PQsetErrorVerbosity(conn.get(), PQERRORS_DEFAULT);
  return conn;
}

class PgConnection : public Connection {
 public:
  PgConnection(ConnPtr conn, Conninfo info)
      : conn_(std::move(conn)), info_(std::move(info)), cancel_(PQgetCancel(conn_.get())) {}

  Result<Rows> query(const std::string& sql, const std::vector<Value>& params) override {
    PGDR_CHECK(send(sql, params));
    return receive();
  }

  Status send(const std::string& sql, const std::vector<Value>& params) override {
    if (in_flight_) return Error::of(Code::kFailed, "a statement is in flight on this connection");
    if (PQstatus(conn_.get()) != CONNECTION_OK) return lost_connection("it broke earlier");
    std::vector<const char*> values;
    values.reserve(params.size());
    for (const Value& param : params) values.push_back(param ? param->c_str() : nullptr);
    // Without parameters by the simple protocol, which takes several statements at once.
    const int sent = params.empty() ? PQsendQuery(conn_.get(), sql.c_str())
                                    : PQsendQueryParams(conn_.get(), sql.c_str(),
                                                        static_cast<int>(params.size()), nullptr,
                                                        values.data(), nullptr, nullptr, 0);
    if (sent == 0) return failure();
    in_flight_ = true;
    return success();
  }

  Result<Rows> receive() override {
    if (!in_flight_)
      return Error::of(Code::kFailed, "no statement is in flight on this connection");
    in_flight_ = false;
    Rows rows;
    std::optional<Error> error;
    bool interrupt = false;
    SteadyTime patience;
    while (true) {
      switch (wait_result(interrupt, interrupt ? &patience : nullptr)) {
        case Wake::kInterrupt:
          interrupt = true;
          cancel();
          patience = std::chrono::steady_clock::now() + kCancelPatience;
          continue;
        case Wake::kTimeout:  // the server does not react: leave it, the connection is of no use
                              // now
          return interrupted_error();
        case Wake::kReady:
          break;
      }
      const ResultPtr result(PQgetResult(conn_.get()));
      if (!result) break;
      take(result.get(), rows, error);
      if (PQstatus(conn_.get()) != CONNECTION_OK) break;
    }
    if (interrupt) return interrupted_error();
    if (error) return *error;
    return rows;
  }

  void cancel() override {
    const std::lock_guard lock(cancel_mutex_);
    char why[256];
    if (cancel_) PQcancel(cancel_.get(), why, sizeof why);
  }

  [[nodiscard]] int server_version() const override { return PQserverVersion(conn_.get()); }
  [[nodiscard]] std::string database() const override { return PQdb(conn_.get()); }
  [[nodiscard]] std::string user() const override { return PQuser(conn_.get()); }
  [[nodiscard]] std::string server_encoding() const override {
    const char* name = PQparameterStatus(conn_.get(), "server_encoding");
    return name != nullptr ? name : "";
  }

  // Makes the session what every other is, and says what children need to be the same. kUsage when
  // a pooler stands between that gives each transaction another session of the server.
  Status set_up() {
    PGDR_TRY(const Rows rows, query(child_settings_query(), {}));
    std::vector<std::string> present;
    for (std::size_t i = 1; i < rows.at(0).size(); ++i) present.push_back(rows[0][i].value_or(""));
    const std::string pid = rows[0][0].value_or("");
    const bool direct = pid == std::to_string(PQbackendPID(conn_.get()));
    if (!direct) PGDR_CHECK(check_pooler(pid));
    PGDR_CHECK(exec(session_settings(server_version())));
    // A server whose system cannot see that a client is gone refuses it.
    const bool checks =
        server_version() >= 140000 &&
        exec("SELECT pg_catalog.set_config('client_connection_check_interval', '10s', false)");
    child_options_ = child_options(in_use(conn_.get(), "options"), present, server_version(),
                                   !direct, direct && checks);
    return success();
  }

  // Host, port and user are those in use, so that a child meets the same server where several are
  // given: an exported snapshot is worth nothing on another.
  [[nodiscard]] std::string child_conninfo(const std::string& dbname) const override {
    Conninfo child = info_;
    child.set("dbname", dbname.empty() ? database() : dbname);
    child.set("host", PQhost(conn_.get()));
    child.set("port", PQport(conn_.get()));
    child.set("user", user());
    if (!in_use(conn_.get(), "hostaddr").empty()) child.set("hostaddr", PQhostaddr(conn_.get()));
    child.set("options", child_options_);
    // Of our own database without a conversion: there every text can be read.
    child.set("client_encoding", dbname.empty() || dbname == database() ? server_encoding() : "");
    if (!child_name_.empty()) child.set("application_name", child_name_);
    return child.without_secrets();
  }

  void name_children(const std::string& application_name) override {
    child_name_ = application_name;
  }

  [[nodiscard]] std::vector<std::pair<std::string, std::string>> child_env() const override {
    // pg_dumpall writes the times of VALID UNTIL as the session shows them.
    std::vector<std::pair<std::string, std::string>> env = {{"PGDATESTYLE", "ISO, YMD"},
                                                            {"PGTZ", "UTC"}};
    if (!info_.password().empty()) env.emplace_back("PGPASSWORD", info_.password());
    return env;
  }

 private:
  // Until PQgetResult() would not block.
  Wake wait_result(bool deaf, const SteadyTime* deadline) {
    while (true) {
      const int unsent = PQflush(conn_.get());
      if (unsent <= 0 && PQisBusy(conn_.get()) == 0) return Wake::kReady;
      const Wake wake =
          wait_socket(conn_.get(), unsent > 0 ? POLLIN | POLLOUT : POLLIN, deaf, deadline);
      if (wake != Wake::kReady) return wake;
      if (PQconsumeInput(conn_.get()) == 0) return Wake::kReady;  // PQgetResult() reports it
    }
  }

  // The backend that serves us is not the one that we were told when we connected: a pooler is
  // between. A transaction of another client that gets our own backend while we are connected, or
  // our next statement on another backend while that client holds its, shows that sessions are
  // shared: settings, locks and an exported snapshot would be those of strangers, or lost.
  Status check_pooler(const std::string& pid) {
    const Error shared = Error::of(
        Code::kUsage,
        fmt::format("{} is reached through a connection pooler that gives each transaction another "
                    "session: a snapshot, its locks and settings need one of their own",
                    describe_target(conn_.get(), info_)),
        "connect to the server itself, or to a pool with pool_mode = session");
    std::vector<std::unique_ptr<PgConnection>> others;
    for (int i = 0; i < kPoolerTries; ++i) {
      PGDR_TRY(ConnPtr conn, connect(info_));
      others.push_back(std::make_unique<PgConnection>(std::move(conn), info_));
      PgConnection& other = *others.back();
      if (!other.exec("BEGIN")) return shared;  // a statement is all that it gives
      PGDR_TRY(const Value theirs, other.scalar("SELECT pg_catalog.pg_backend_pid()"));
      if (theirs == pid) return shared;
      PGDR_TRY(const Value ours, scalar("SELECT pg_catalog.pg_backend_pid()"));
      if (ours != pid) return shared;
    }
    return success();
  }

  void take(const PGresult* result, Rows& rows, std::optional<Error>& error) {
    switch (PQresultStatus(result)) {
      case PGRES_TUPLES_OK:
        rows.clear();
        for (int i = 0; i < PQntuples(result); ++i) {
          Row& row = rows.emplace_back();
          row.reserve(static_cast<std::size_t>(PQnfields(result)));
          for (int j = 0; j < PQnfields(result); ++j) {
            if (PQgetisnull(result, i, j) != 0) {
              row.emplace_back(std::nullopt);
            } else {
              row.emplace_back(std::string(PQgetvalue(result, i, j),
                                           static_cast<std::size_t>(PQgetlength(result, i, j))));
            }
          }
        }
        break;
      case PGRES_COMMAND_OK:
      case PGRES_EMPTY_QUERY:
        break;
      default:
        if (!error) error = failure(result);
    }
  }

  [[nodiscard]] Error failure(const PGresult* result = nullptr) const {
    const std::string state = result != nullptr ? field(result, PG_DIAG_SQLSTATE) : "";
    if (state.empty()) {
      const std::string words =
          result != nullptr ? PQresultErrorMessage(result) : PQerrorMessage(conn_.get());
      if (PQstatus(conn_.get()) != CONNECTION_OK) return lost_connection(words);
      return Error::of(Code::kFailed, words.empty() ? "unexpected answer of the server" : words);
    }
    return statement_error({state, field(result, PG_DIAG_MESSAGE_PRIMARY),
                            field(result, PG_DIAG_MESSAGE_DETAIL),
                            field(result, PG_DIAG_MESSAGE_HINT), field(result, PG_DIAG_CONTEXT)});
  }

  ConnPtr conn_;
  Conninfo info_;
  std::string child_name_;
  std::string child_options_;
  std::unique_ptr<PGcancel, CancelFree> cancel_;
  std::mutex cancel_mutex_;
  bool in_flight_ = false;
};

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const std::string& conninfo,
                                                     const std::string& dbname) {
  PGDR_TRY(Conninfo info, Conninfo::parse(conninfo));
  if (!dbname.empty()) info.set("dbname", dbname);
  PGDR_TRY(ConnPtr conn, connect(info));
  auto db = std::make_unique<PgConnection>(std::move(conn), std::move(info));
  if (Status set = db->set_up(); !set) {
    if (set.error().code == Code::kUsage) return set.error();
    return set.error().context("cannot set up the session");
  }
  return std::unique_ptr<Connection>(std::move(db));
}

Status Connection::exec(const std::string& sql, const std::vector<Value>& params) {
  PGDR_CHECK(query(sql, params));
  return success();
}

Result<Value> Connection::scalar(const std::string& sql, const std::vector<Value>& params) {
  PGDR_TRY(const Rows rows, query(sql, params));
  if (rows.size() != 1 || rows[0].empty()) {
    return Error::of(Code::kFailed,
                     fmt::format("expected one row from the server, got {}", rows.size()));
  }
  return rows[0][0];
}

std::string quote_ident(const std::string& name) {
  std::string out = "\"";
  for (const char c : name) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

// With a backslash in it, in the escape form, which means the same whatever
// standard_conforming_strings says.
std::string quote_literal(const std::string& text) {
  const bool escape = text.find('\\') != std::string::npos;
  std::string out = escape ? " E'" : "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += c;
    out += c;
  }
  return out + "'";
}

}  // namespace pgdr::db
