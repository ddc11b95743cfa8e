// The worker's side: one read-only transaction in the other database, then the end.
#include "collect.hpp"
#include "worker_message.hpp"

namespace pgdr {

namespace {

// Of catalog locks; relations have their own patience (collect_relations.cpp).
constexpr char kLockTimeout[] = "5s";

void send(shm_mq_handle* queue, char type, const char* data, Size bytes) {
  shm_mq_iovec parts[2] = {{&type, 1}, {data, bytes}};
#if PG_VERSION_NUM >= 150000  // upstream 46846433a03d: force_flush
  shm_mq_result result = shm_mq_sendv(queue, parts, 2, false, true);
#else
  shm_mq_result result = shm_mq_sendv(queue, parts, 2, false);
#endif
  if (result != SHM_MQ_SUCCESS)
    ereport(FATAL, (errcode(ERRCODE_CONNECTION_FAILURE), errmsg("lost connection to the leader")));
}

void pin(const char* name, const char* value) {
  SetConfigOption(name, value, PGC_USERSET, PGC_S_SESSION);
}

void run(SegmentHeader* header, shm_mq_handle* queue) {
  // Settings of the database or the role must not change what is read or how long it may take;
  // those that influence text are pinned by the collector.
  pin("lock_timeout", kLockTimeout);
  pin("statement_timeout", "0");
  pin("default_transaction_deferrable", "off");
  pin("max_parallel_workers_per_gather", "0");
  SetCurrentStatementStartTimestamp();
  StartTransactionCommand();
  XactIsoLevel = XACT_REPEATABLE_READ;
  XactReadOnly = true;
  // A setting such as "role" of the database must not have made this somebody else.
  if (GetUserId() != header->role)
    ereport(ERROR, (errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
                    errmsg("settings of the database or role change the current role"),
                    errhint("Remove the setting \"role\" with ALTER DATABASE ... RESET or ALTER "
                            "ROLE ... RESET.")));
  PushActiveSnapshot(GetTransactionSnapshot());
  CollectOptions options{header->content, header->schema, true};
  char* document = collect_document(options);
  header->encoding = GetDatabaseEncoding();
  pgstat_report_activity(STATE_RUNNING, "pgdr: sending the result");
  const Size total = strlen(document);
  for (Size sent = 0; sent < total;) {
    Size chunk = total - sent < kChunkBytes ? total - sent : kChunkBytes;
    send(queue, kData, document + sent, chunk);
    sent += chunk;
  }
  PopActiveSnapshot();
  CommitTransactionCommand();
  send(queue, kDone, "", 0);
  pgstat_report_activity(STATE_IDLE, nullptr);
}

}  // namespace

}  // namespace pgdr

extern "C" {

PGDLLEXPORT void dr_collect_worker_main(Datum argument);

void dr_collect_worker_main(Datum argument) {
  pqsignal(SIGTERM, die);
  BackgroundWorkerUnblockSignals();
  // The segment stays mapped until the process ends: its resource owner is only for the attaching.
  CurrentResourceOwner = ResourceOwnerCreate(nullptr, "pgdr worker");
  dsm_segment* segment = dsm_attach(DatumGetUInt32(argument));
  if (segment == nullptr) return;  // the leader has gone already
  auto* header = static_cast<pgdr::SegmentHeader*>(dsm_segment_address(segment));
  if (header->magic != pgdr::kSegmentMagic) return;
  shm_mq* queue = pgdr::queue_of(segment);
  shm_mq_set_sender(queue, MyProc);
  shm_mq_handle* handle = shm_mq_attach(queue, segment, nullptr);
  dsm_pin_mapping(segment);
  // From here on every error reaches the leader.
  pq_redirect_to_shm_mq(segment, handle);
  BackgroundWorkerInitializeConnectionByOid(header->database, header->role, 0);
  pgdr::run(header, handle);
}
}
