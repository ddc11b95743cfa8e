// Result<T> and Error: how every fallible function of the tool reports.
//
//   Result<Manifest> m = read_manifest(store, key);
//   if (!m) return m.error();          // or: PGDR_TRY(auto manifest, read_manifest(store, key));
//   use(m->label);
//
// An Error may not be ignored ([[nodiscard]]). Exceptions are for programmer errors and memory
// only; libraries that throw (toml++, nlohmann-json, CLI11) are caught where they are called.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <variant>

namespace pgdr {

// What went wrong, as far as a caller or the exit code cares. exit_code() below is the only place
// that turns it into a number.
enum class Code {
  kFailed,               // anything without a class of its own
  kUsage,                // wrong option, argument or configuration
  kPartial,              // done, but a copy or a part is missing
  kDatabaseUnreachable,  // no connection: server down, unknown database, refused login
  kProtected,            // refused to touch existing data
  kMismatch,             // content does not match
  kRepositoryMissing,    // the repository, or the backup asked for, is not there
  kLocked,               // another run holds the lock
  kNoKey,        // no usable key: none given, wrong one, wrong passphrase, unsafe permissions
  kInterrupted,  // SIGINT or SIGTERM
  kNotFound,     // a file or object is absent (a value to most callers)
  kExists,       // an object of that name exists already
  kCorrupt,  // stored bytes are not what was written: truncated, altered, extended, not authentic
  kNoSpace,  // the place to write to is full
};

// The process's exit status for a code (DESIGN: exit codes; doc/exit-codes.md).
int exit_code(Code code);

// Where several things fail differently: whether `a` decides the exit code rather than `b`. In this
// order: 130 interrupted, 9 content does not match, 1 failed, 5 refused, 10 repository missing, 12
// no key, 4 database unreachable, 11 locked, 2 usage, 3 done in part.
bool graver(Code a, Code b);

// Severity-free description of one failure.
//   message: what failed, on what, why; a sentence without a final full stop, lower-case start.
//   hint:    what to do next; may be empty.
//   sqlstate: the server's five characters where a server reported it, else empty.
//   retryable: the same call may succeed later (network, lock timeout); never set for corrupt data.
//   cause: the error below, if any; to_string() prints the chain.
struct [[nodiscard]] Error {
  Code code = Code::kFailed;
  std::string message;
  std::string hint;
  std::string sqlstate;
  bool retryable = false;
  std::shared_ptr<const Error> cause;

  static Error of(Code code, std::string message, std::string hint = {}) {
    return Error{code, std::move(message), std::move(hint), {}, false, nullptr};
  }
  // The same failure seen from one level up: keeps code, hint, sqlstate and retryable, prefixes the
  // message.
  Error context(const std::string& what) const&;
};

// "message: cause: cause"; the hint is not included.
std::string to_string(const Error& error);

struct Ok {};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : v_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : v_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool ok() const { return v_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(v_); }
  const T& value() const& { return std::get<0>(v_); }
  T&& value() && { return std::get<0>(std::move(v_)); }
  T* operator->() { return &std::get<0>(v_); }
  const T* operator->() const { return &std::get<0>(v_); }
  T& operator*() & { return std::get<0>(v_); }
  T&& operator*() && { return std::get<0>(std::move(v_)); }
  const T& operator*() const& { return std::get<0>(v_); }
  const Error& error() const { return std::get<1>(v_); }
  Error& error() { return std::get<1>(v_); }

 private:
  std::variant<T, Error> v_;
};

using Status = Result<Ok>;
inline Status success() { return Status(Ok{}); }

}  // namespace pgdr

#define PGDR_CONCAT_INNER(a, b) a##b
#define PGDR_CONCAT(a, b) PGDR_CONCAT_INNER(a, b)
// PGDR_TRY(auto x, f()): declare x with f()'s value, or return its error from the enclosing
// function.
// NOLINTBEGIN(bugprone-macro-parentheses): decl is a declaration, not an expression.
#define PGDR_TRY(decl, expr)                                                                    \
  auto PGDR_CONCAT(pgdr_result_, __LINE__) = (expr);                                            \
  if (!PGDR_CONCAT(pgdr_result_, __LINE__)) return PGDR_CONCAT(pgdr_result_, __LINE__).error(); \
  decl = std::move(PGDR_CONCAT(pgdr_result_, __LINE__)).value()
// NOLINTEND(bugprone-macro-parentheses)
// PGDR_CHECK(f()): return f()'s error from the enclosing function, drop its value.
#define PGDR_CHECK(expr)                                                        \
  do {                                                                          \
    if (auto pgdr_status_ = (expr); !pgdr_status_) return pgdr_status_.error(); \
  } while (false)
