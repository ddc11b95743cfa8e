// Parallel workers of a reading: started, heard and ended by the leader.
#pragma once

#include "engine/read_shared.hpp"
#include "base/settings.hpp"

namespace pgdr {

struct ParallelReaders;

// Enters parallel mode and starts up to so many workers; how many there are decides the server. The
// shared state and the tasks are copied to shared memory, and the pointers set to the copies, which
// live until finish_readers.
ParallelReaders* start_readers(int workers, Shared** shared, SharedTask** tasks);

// The next part that has arrived, valid until the next call. False: nothing there now.
bool receive_part(ParallelReaders* readers, const Part** part, const core::Digest** buckets);

// False once no worker can send anything any more.
bool workers_left(const ParallelReaders* readers);

// Waits for the workers' end, raises what went wrong in one, and leaves parallel mode.
void finish_readers(ParallelReaders* readers);

}  // namespace pgdr
