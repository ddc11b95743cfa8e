// The leader's side. The worker's is worker_main.cpp.
#include "worker.hpp"

#include "worker_message.hpp"

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

struct Worker {
  dsm_segment* segment;
  BackgroundWorkerHandle* handle;
  shm_mq_handle* queue;
};

Worker start(Oid database, const char* target, bool content, bool schema) {
  Worker w{};
  w.segment = dsm_create(queue_offset() + kQueueBytes, 0);
  auto* header = static_cast<SegmentHeader*>(dsm_segment_address(w.segment));
  *header = SegmentHeader{kSegmentMagic, database, GetUserId(), content, schema, -1};
  shm_mq* queue = shm_mq_create(queue_of(w.segment), kQueueBytes);
  shm_mq_set_receiver(queue, MyProc);

  BackgroundWorker worker{};
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_ConsistentState;
  worker.bgw_restart_time = BGW_NEVER_RESTART;
  worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(w.segment));
  worker.bgw_notify_pid = MyProcPid;
  snprintf(worker.bgw_library_name, sizeof worker.bgw_library_name, "pgdr");
  snprintf(worker.bgw_function_name, sizeof worker.bgw_function_name, "dr_collect_worker_main");
  snprintf(worker.bgw_name, BGW_MAXLEN, "pgdr: reading database %s", target);
  snprintf(worker.bgw_type, BGW_MAXLEN, "pgdr");

  // The handle outlives every abort path: segments are released before the transaction's memory is.
  MemoryContext outer = MemoryContextSwitchTo(TopTransactionContext);
  const bool registered = RegisterDynamicBackgroundWorker(&worker, &w.handle);
  MemoryContextSwitchTo(outer);
  if (!registered)
    ereport(ERROR,
            (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
             errmsg("could not start a background worker to read database \"%s\"", target),
             errdetail("All background worker slots are in use."),
             errhint("Increase the configuration parameter \"max_worker_processes\", or retry when "
                     "fewer workers run.")));
  // Error, cancel, end of the backend: whatever takes the segment away stops the worker.
  on_dsm_detach(w.segment, stop_worker, PointerGetDatum(w.handle));
  w.queue = shm_mq_attach(queue, w.segment, nullptr);
  shm_mq_set_handle(w.queue, w.handle);
  return w;
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

void finish(Worker* w) {
  // Until it is gone, the worker still counts as a user of the other database.
  (void)WaitForBackgroundWorkerShutdown(w->handle);
  cancel_on_dsm_detach(w->segment, stop_worker, PointerGetDatum(w->handle));
  dsm_detach(w->segment);
}

char* to_this_encoding(StringInfo text, int encoding, const char* target) {
  if (encoding == GetDatabaseEncoding()) return text->data;
  if (!PG_VALID_BE_ENCODING(encoding))
    ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION),
                    errmsg("unexpected encoding of database \"%s\"", target)));
  return pg_any_to_server(text->data, text->len, encoding);
}

}  // namespace

char* collect_from(const char* target, bool content, bool schema) {
  const Oid database = connectable_database(target);
  check_role_can_log_in();
  Worker w = start(database, target, content, schema);
  StringInfoData document;
  initStringInfo(&document);
  for (;;) {
    Size bytes = 0;
    void* data = nullptr;
    // Waits interruptibly; a worker that ended, or never started, detaches the queue.
    if (shm_mq_receive(w.queue, &bytes, &data, false) != SHM_MQ_SUCCESS)
      ereport(ERROR,
              (errcode(ERRCODE_CONNECTION_FAILURE),
               errmsg("the background worker reading database \"%s\" ended unexpectedly", target),
               errhint("The server log may tell why.")));
    if (bytes == 0) continue;
    const char type = *static_cast<char*>(data);
    const char* payload = static_cast<char*>(data) + 1;
    if (type == kDone) break;
    if (type == kData)
      appendBinaryStringInfo(&document, payload, static_cast<int>(bytes - 1));
    else if (type == 'E' || type == 'N')
      rethrow(payload, bytes - 1, target, type == 'N');
  }
  const int encoding = static_cast<SegmentHeader*>(dsm_segment_address(w.segment))->encoding;
  finish(&w);
  return to_this_encoding(&document, encoding, target);
}

}  // namespace pgdr
