// Questions to the person who runs a command.
#pragma once

#include <string>

#include "base/result.hpp"

namespace pgdr::app {

class Dialog {
 public:
  virtual ~Dialog() = default;
  // False: nobody is there to answer; then nothing is asked.
  [[nodiscard]] virtual bool present() const = 0;
  // An empty answer means `suggestion`; empty where there is none. kInterrupted at end of input.
  virtual Result<std::string> ask(const std::string& question, const std::string& suggestion) = 0;
};

}  // namespace pgdr::app
