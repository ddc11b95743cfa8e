#include "base/result.hpp"

#include <algorithm>
#include <array>

namespace pgdr {

int exit_code(Code code) {
  switch (code) {
    case Code::kFailed:
    case Code::kNotFound:
    case Code::kExists:
    case Code::kCorrupt:
    case Code::kNoSpace:
      return 1;
    case Code::kUsage:
      return 2;
    case Code::kPartial:
      return 3;
    case Code::kDatabaseUnreachable:
      return 4;
    case Code::kProtected:
      return 5;
    case Code::kMismatch:
      return 9;
    case Code::kRepositoryMissing:
      return 10;
    case Code::kLocked:
      return 11;
    case Code::kNoKey:
      return 12;
    case Code::kInterrupted:
      return 130;
  }
  return 1;
}

bool graver(Code a, Code b) {
  static constexpr std::array<int, 10> kGravestFirst = {130, 9, 1, 5, 10, 12, 4, 11, 2, 3};
  const auto rank = [](Code code) {
    return std::find(kGravestFirst.begin(), kGravestFirst.end(), exit_code(code));
  };
  return rank(a) < rank(b);
}

Error Error::context(const std::string& what) const& {
  Error outer = *this;
  outer.message = what + ": " + message;
  return outer;
}

std::string to_string(const Error& error) {
  std::string text = error.message;
  for (const Error* e = error.cause.get(); e != nullptr; e = e->cause.get()) {
    text += ": ";
    text += e->message;
  }
  return text;
}

}  // namespace pgdr
