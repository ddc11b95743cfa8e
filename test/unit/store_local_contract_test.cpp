// The conformance suite on a folder.
#include <filesystem>

#include "base/file.hpp"
#include "unit/store_contract.hpp"

namespace pgdr::test {

class LocalPlace {
 public:
  LocalPlace() {
    std::string name = (std::filesystem::temp_directory_path() / "pgdr-store-XXXXXX").string();
    path_ = mkdtemp(name.data()) != nullptr ? name : "";
  }
  ~LocalPlace() { std::filesystem::remove_all(path_); }
  LocalPlace(const LocalPlace&) = delete;
  LocalPlace& operator=(const LocalPlace&) = delete;
  std::unique_ptr<store::Store> open() {
    auto store = store::open_local(path_);
    return store ? std::move(*store) : nullptr;
  }

 private:
  std::string path_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Local, StoreContract, LocalPlace);

}  // namespace pgdr::test
