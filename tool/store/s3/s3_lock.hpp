// An exclusive lock in an S3 bucket: an object written only if it is not there.
//
// The object names its holder and is renewed by a thread of the holder; its age is told by the
// server's clock alone (Date minus Last-Modified), so the clocks of the hosts do not matter. A lock
// that was not renewed for its lifetime belongs to a process that died and is taken over, by a
// write that holds only if the object is still the one that was looked at.
//
// After writing, the same conditional write is repeated and must be refused: that proves that the
// store honours the condition. On a store that does not, the lock is written after a look, watched
// for a while and then read back; two processes that start within that moment may both be refused,
// and on an eventually consistent store both might succeed.
#pragma once

#include <memory>
#include <string>

#include "store/s3/s3_client.hpp"

namespace pgdr::store {

// key: whole. kLocked, naming the holder, when another holds it.
Result<std::unique_ptr<Lease>> lock_object(S3Client& client, const std::string& key);

}  // namespace pgdr::store
