// The parts of one multipart upload, sent by several threads at once with bounded memory.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/s3/s3_client.hpp"
#include "store/s3/s3_object.hpp"

namespace pgdr::store {

// Bytes on their way. The memory is touched only as far as it is filled.
class PartBuffer {
 public:
  explicit PartBuffer(std::size_t capacity) : data_(new std::byte[capacity]), capacity_(capacity) {}
  // Copies what fits; how much that was.
  std::size_t append(Bytes data);
  [[nodiscard]] Bytes content() const { return {data_.get(), size_}; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool full() const { return size_ == capacity_; }

 private:
  std::unique_ptr<std::byte[]> data_;
  std::size_t capacity_;
  std::size_t size_ = 0;
};

struct SentPart {
  std::string etag;
  Stretch content;
  std::string md5;        // raw; empty where the system has none
  bool md5_etag = false;  // the entity tag is the MD5 of the part
};

class PartSender {
 public:
  PartSender(S3Client& client, std::string key, std::string upload_id);
  // Gives up what is on the way and waits for the threads.
  ~PartSender();
  PartSender(const PartSender&) = delete;
  PartSender& operator=(const PartSender&) = delete;

  // Takes the next part; waits while `most` are on the way. The error of any part that failed.
  Status send(std::unique_ptr<PartBuffer> part, std::size_t most);
  // Waits for all. The parts in order, or the first error.
  Result<std::vector<SentPart>> finish();

 private:
  struct Job {
    std::size_t number;
    std::unique_ptr<PartBuffer> part;
  };
  void work();
  Result<SentPart> put(const Job& job);

  S3Client& client_;
  const std::string key_;
  const std::string upload_id_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Job> queue_;
  std::vector<std::optional<SentPart>> sent_;
  std::optional<Error> error_;
  std::size_t on_the_way_ = 0;
  bool stop_ = false;
  std::atomic<bool> cancelled_{false};
  std::vector<std::thread> threads_;
};

// What the transfer's MD5 is worth: an entity tag that is not it, from a store whose tags are.
bool wrong_etag(S3Client& client, const std::string& etag, const std::optional<std::string>& md5);
// Notes that a tag was the MD5; true when it was.
bool note_etag(S3Client& client, const std::string& etag, const std::optional<std::string>& md5);

}  // namespace pgdr::store
