// The leader's side. The worker's is worker_main.cpp.
#include "worker/worker.hpp"

#include "base/digest_key.hpp"
#include "worker/worker_message.hpp"

namespace pgdr {

namespace {

// pg_database's own checks, before a worker is spent on it: InitPostgres would report them as
// FATAL.
Oid connectable_database(const char* target) {
  const Oid database = get_database_oid(target, false);
  HeapTuple tuple = SearchSysCache1(DATABASEOID, ObjectIdGetDatum(database));
  if (!HeapTupleIsValid(tuple))
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_DATABASE),
                    errmsg("database \"%s\" does not exist", target)));
  const bool allows = reinterpret_cast<Form_pg_database>(GETSTRUCT(tuple))->datallowconn;
  ReleaseSysCache(tuple);
  if (!allows)
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("database \"%s\" is not currently accepting connections", target)));
  if (!may_connect(database, GetUserId()))
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("permission denied for database \"%s\"", target),
                    errdetail("User does not have CONNECT privilege.")));
  return database;
}

void check_role_can_log_in() {
  HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(GetUserId()));
  if (!HeapTupleIsValid(tuple)) return;  // dropped meanwhile: the worker will say so
  const bool can = reinterpret_cast<Form_pg_authid>(GETSTRUCT(tuple))->rolcanlogin;
  ReleaseSysCache(tuple);
  if (!can)
    ereport(ERROR, (errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
                    errmsg("role \"%s\" is not permitted to log in",
                           GetUserNameFromId(GetUserId(), false)),
                    errdetail("The other database is read by a connection of the current role."),
                    errhint("Call the function as a role with the LOGIN attribute.")));
}

void stop_worker(dsm_segment*, Datum handle) {
  TerminateBackgroundWorker(reinterpret_cast<BackgroundWorkerHandle*>(DatumGetPointer(handle)));
}

void set_up_queues(Peer* peer) {
  shm_mq* answers = shm_mq_create(answer_queue(peer->segment), kAnswerQueueBytes);
  shm_mq* requests = shm_mq_create(request_queue(peer->segment), kRequestQueueBytes);
  shm_mq_set_receiver(answers, MyProc);
  shm_mq_set_sender(requests, MyProc);
}

void start_worker(Peer* peer) {
  BackgroundWorker worker{};
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_ConsistentState;
  worker.bgw_restart_time = BGW_NEVER_RESTART;
  worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(peer->segment));
  worker.bgw_notify_pid = MyProcPid;
  snprintf(worker.bgw_library_name, sizeof worker.bgw_library_name, "pgdr");
  snprintf(worker.bgw_function_name, sizeof worker.bgw_function_name, "dr_collect_worker_main");
  snprintf(worker.bgw_name, BGW_MAXLEN, "pgdr: reading database %s", peer->target);
  snprintf(worker.bgw_type, BGW_MAXLEN, "pgdr");
  if (!RegisterDynamicBackgroundWorker(&worker, &peer->handle))
    ereport(ERROR,
            (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
             errmsg("could not start a background worker to read database \"%s\"", peer->target),
             errdetail("All background worker slots are in use."),
             errhint("Increase the configuration parameter \"max_worker_processes\", or retry when "
                     "fewer workers run.")));
}

void rethrow(const char* data, Size bytes, const char* target, bool notice) {
  StringInfoData message;
  initStringInfo(&message);
  appendBinaryStringInfo(&message, data, static_cast<int>(bytes));
  ErrorData error;
  pq_parse_errornotice(&message, &error);
  if (notice && error.elevel < ERROR) {
    ThrowErrorData(&error);
    return;
  }
  // The end of the worker is not the end of this backend, and clients close their connection on
  // these.
  error.elevel = ERROR;
  if (error.sqlerrcode == ERRCODE_ADMIN_SHUTDOWN || error.sqlerrcode == ERRCODE_CRASH_SHUTDOWN)
    error.sqlerrcode = ERRCODE_CONNECTION_FAILURE;
  char* where = psprintf("pgdr background worker in database \"%s\"", target);
  error.context = error.context == nullptr ? where : psprintf("%s\n%s", error.context, where);
  ThrowErrorData(&error);
}

void lost(const Peer* peer) {
  ereport(ERROR,
          (errcode(ERRCODE_CONNECTION_FAILURE),
           errmsg("the background worker reading database \"%s\" ended unexpectedly", peer->target),
           errhint("The server log may tell why.")));
}

// Receives until there are bytes to read or the answer's end. False: nothing there yet (nowait
// only).
bool receive(Peer* peer, bool nowait) {
  while (peer->left == 0 && !peer->answered) {
    Size bytes = 0;
    void* data = nullptr;
    // Waits interruptibly; a worker that ended, or never started, detaches the queue.
    const shm_mq_result result = shm_mq_receive(peer->answers, &bytes, &data, nowait);
    if (result == SHM_MQ_WOULD_BLOCK) return false;
    if (result != SHM_MQ_SUCCESS) lost(peer);
    if (bytes == 0) continue;
    const char type = *static_cast<char*>(data);
    const char* payload = static_cast<char*>(data) + 1;
    if (type == kDone) {
      peer->answered = true;
    } else if (type == kData) {
      peer->at = payload;
      peer->left = bytes - 1;
    } else if (type == 'E' || type == 'N') {
      rethrow(payload, bytes - 1, peer->target, type == 'N');
    }
  }
  return true;
}

char* to_this_encoding(StringInfo text, int encoding, const char* target) {
  if (encoding == GetDatabaseEncoding()) return text->data;
  if (!PG_VALID_BE_ENCODING(encoding))
    ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION),
                    errmsg("unexpected encoding of database \"%s\"", target)));
  // A SQL_ASCII database takes what comes, and its documents are UTF-8. Those of one are, too:
  // whatever is not, was escaped.
  const int into = GetDatabaseEncoding() == PG_SQL_ASCII ? PG_UTF8 : GetDatabaseEncoding();
  auto* from = reinterpret_cast<unsigned char*>(text->data);
  return reinterpret_cast<char*>(pg_do_encoding_conversion(
      from, text->len, encoding == PG_SQL_ASCII ? PG_UTF8 : encoding, into));
}

}  // namespace

Peer* start_peer(const char* target) {
  const Oid database = connectable_database(target);
  check_role_can_log_in();
  // The handle outlives every abort path: segments are released before the transaction's memory is.
  MemoryContext outer = MemoryContextSwitchTo(TopTransactionContext);
  auto* peer = static_cast<Peer*>(palloc0(sizeof(Peer)));
  peer->target = pstrdup(target);
  peer->segment = dsm_create(segment_bytes(), 0);
  *static_cast<SegmentHeader*>(dsm_segment_address(peer->segment)) =
      SegmentHeader{kSegmentMagic, database, GetUserId(), settings, -1};
  set_up_queues(peer);
  start_worker(peer);
  MemoryContextSwitchTo(outer);
  // Error, cancel, end of the backend: whatever takes the segment away stops the worker.
  on_dsm_detach(peer->segment, stop_worker, PointerGetDatum(peer->handle));
  peer->answers = shm_mq_attach(answer_queue(peer->segment), peer->segment, peer->handle);
  peer->requests = shm_mq_attach(request_queue(peer->segment), peer->segment, peer->handle);
  peer->answered = true;
  return peer;
}

void ask(Peer* peer, char type, const void* payload, Size bytes) {
  end_answer(peer);
  if (!send_message(peer->requests, type, payload, bytes)) {
    // It ended with an error, which is still in the queue.
    peer->answered = false;
    (void)receive(peer, false);
    lost(peer);
  }
  peer->answered = type == kQuit;
}

Size read_some(Peer* peer, Size most, const char** out) {
  (void)receive(peer, false);
  const Size got = peer->left < most ? peer->left : most;
  *out = peer->at;
  peer->at += got;
  peer->left -= got;
  return got;
}

Size read_more(Peer* peer, Size most, const char** out) {
  const Size got = read_some(peer, most, out);
  if (got == 0)
    ereport(ERROR,
            (errcode(ERRCODE_PROTOCOL_VIOLATION),
             errmsg("the background worker reading database \"%s\" answered less than it was "
                    "asked for",
                    peer->target)));
  return got;
}

void read_answer(Peer* peer, void* out, Size bytes) {
  auto* to = static_cast<char*>(out);
  while (bytes > 0) {
    const char* from = nullptr;
    const Size got = read_more(peer, bytes, &from);
    memcpy(to, from, got);
    to += got;
    bytes -= got;
  }
}

bool answer_waits(Peer* peer) { return receive(peer, true); }

void end_answer(Peer* peer) {
  (void)receive(peer, false);
  if (peer->left == 0) return;
  ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION),
                  errmsg("the background worker reading database \"%s\" answered more than it was "
                         "asked for",
                         peer->target)));
}

int peer_encoding(const Peer* peer) {
  return static_cast<SegmentHeader*>(dsm_segment_address(peer->segment))->encoding;
}

void finish_peer(Peer* peer) {
  ask(peer, kQuit, nullptr, 0);
  (void)WaitForBackgroundWorkerShutdown(peer->handle);
  cancel_on_dsm_detach(peer->segment, stop_worker, PointerGetDatum(peer->handle));
  dsm_detach(peer->segment);
  pfree(peer);
}

char* collect_from(const char* target, bool content, bool schema) {
  Peer* peer = start_peer(target);
  CollectRequest request{content, schema, digest_key_in_use() != nullptr, {}};
  if (request.keyed) request.key = digest_key_in_use()->derived;
  ask(peer, kCollect, &request, sizeof request);
  core::wipe(&request, sizeof request);
  StringInfoData document;
  initStringInfo(&document);
  const char* part = nullptr;
  for (Size got = 0; (got = read_some(peer, kChunkBytes, &part)) > 0;)
    appendBinaryStringInfo(&document, part, static_cast<int>(got));
  const int encoding = peer_encoding(peer);
  finish_peer(peer);
  return to_this_encoding(&document, encoding, target);
}

}  // namespace pgdr
