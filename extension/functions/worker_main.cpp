// The worker's side: one read-only transaction in the other database, then the end.
#include <new>

#include "collect/collect.hpp"
#include "compare/difference_server.hpp"
#include "base/digest_key.hpp"
#include "worker/worker_answer.hpp"

namespace pgdr {

namespace {

// Of catalog locks; relations have their own limit (pgdr.lock_timeout).
constexpr char kLockTimeout[] = "5s";

void pin(const char* name, const char* value) {
  SetConfigOption(name, value, PGC_USERSET, PGC_S_SESSION);
}

// Workers of this worker get them, too: hence not by assignment.
void take_over(const Settings& leader) {
  char text[32];
  snprintf(text, sizeof text, "%d", leader.max_workers);
  pin("pgdr.max_workers", text);
  snprintf(text, sizeof text, "%.3f", leader.cost_delay);
  pin("pgdr.cost_delay", text);
  snprintf(text, sizeof text, "%d", leader.cost_limit);
  pin("pgdr.cost_limit", text);
  snprintf(text, sizeof text, "%d", leader.lock_timeout);
  pin("pgdr.lock_timeout", text);
  snprintf(text, sizeof text, "%d", leader.foreign_timeout);
  SetConfigOption("pgdr.foreign_timeout", text, PGC_SUSET, PGC_S_SESSION);
}

void collect(char* payload, Size bytes, Answer* answer) {
  CollectRequest request;
  if (bytes != sizeof request) refuse_request();
  memcpy(&request, payload, sizeof request);
  core::wipe(payload, sizeof request);  // in the queue, or the copy of it
  use_digest_key(request.keyed ? copy_digest_key(request.key) : nullptr);
  core::wipe(&request.key, sizeof request.key);
  const char* document = collect_document(CollectOptions{request.content, request.schema, true});
  drop_digest_key();
  pgstat_report_activity(STATE_RUNNING, "pgdr: sending the result");
  answer->put(document, strlen(document));
}

// For the rows of all requests that follow.
void take_key(char* payload, Size bytes) {
  core::DerivedKeys key;
  if (bytes != sizeof key) refuse_request();
  memcpy(&key, payload, sizeof key);
  core::wipe(payload, sizeof key);
  use_digest_key(copy_digest_key(key));
  core::wipe(&key, sizeof key);
}

// Until the leader has no more requests or is gone.
void serve(shm_mq_handle* requests, DifferenceServer* differences, Answer* answer) {
  for (;;) {
    Size bytes = 0;
    void* data = nullptr;
    if (shm_mq_receive(requests, &bytes, &data, false) != SHM_MQ_SUCCESS || bytes == 0) return;
    const char type = *static_cast<char*>(data);
    char* payload = static_cast<char*>(data) + 1;
    if (type == kQuit) return;
    if (type == kCollect)
      collect(payload, bytes - 1, answer);
    else if (type == kKey)
      take_key(payload, bytes - 1);
    else
      serve_difference(differences, type, payload, bytes - 1, answer);
    answer->done();
  }
}

void run(SegmentHeader* header, shm_mq_handle* requests, shm_mq_handle* answers) {
  // Settings of the database or the role must not change what is read or how long it may take;
  // those that influence text are pinned by the collector.
  pin("lock_timeout", kLockTimeout);
  pin("statement_timeout", "0");
  pin("default_transaction_deferrable", "off");
  pin("max_parallel_workers_per_gather", "0");
  take_over(header->settings);
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
  header->encoding = GetDatabaseEncoding();
  DifferenceServer differences{};
  serve(requests, &differences, new (palloc(sizeof(Answer))) Answer(answers));
  if (differences.side != nullptr) close_side(differences.side);
  PopActiveSnapshot();
  CommitTransactionCommand();
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
  shm_mq* answers = pgdr::answer_queue(segment);
  shm_mq_set_sender(answers, MyProc);
  shm_mq_handle* answer_handle = shm_mq_attach(answers, segment, nullptr);
  shm_mq* requests = pgdr::request_queue(segment);
  shm_mq_set_receiver(requests, MyProc);
  shm_mq_handle* request_handle = shm_mq_attach(requests, segment, nullptr);
  dsm_pin_mapping(segment);
  // From here on every error reaches the leader.
  pq_redirect_to_shm_mq(segment, answer_handle);
  BackgroundWorkerInitializeConnectionByOid(header->database, header->role, 0);
  pgdr::run(header, request_handle, answer_handle);
}
}
