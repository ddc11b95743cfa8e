// dr._check_list(list jsonb, member text, what text): whether the relations, sequences or objects
// of a snapshot document are what doc/snapshot-document.md says. Documents and the rows of the
// catalog come from outside; everything behind this check relies on types, ranges and lengths.
#include "core/buckets.hpp"
#include "core/digest.hpp"
#include "base/pg.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(dr_check_list);
}

namespace pgdr {

namespace {

enum class Form : uint8_t { kText, kWord, kInteger, kBoolean, kDigest, kKey };

// One member of an element. What may be null may also be missing.
struct Member {
  const char* name;
  Form form;
  bool nullable;
  int64 least;
  int64 most;
  const char* words;  // of kWord, each between two blanks
};

constexpr int64 kMost = PG_INT64_MAX;

constexpr Member kRelation[] = {
    {"schema", Form::kText, false, 1, 0, nullptr},
    {"name", Form::kText, false, 1, 0, nullptr},
    {"kind", Form::kWord, false, 0, 0, " r p m f "},
    {"persistence", Form::kWord, false, 0, 0, " p u "},
    {"rows", Form::kInteger, true, 0, kMost, nullptr},
    {"size", Form::kInteger, true, 0, kMost, nullptr},
    {"digest", Form::kDigest, true, 0, 0, nullptr},
    {"generated", Form::kDigest, true, 0, 0, nullptr},
    {"key", Form::kKey, true, 0, 0, nullptr},
    {"bucket_bits", Form::kInteger, true, 0, core::kBucketBitsMax, nullptr},
    {"buckets", Form::kText, true, 0, 0, nullptr},
    {"state", Form::kWord, false, 0, 0, " exact skipped failed "},
    {"note", Form::kText, true, 0, 0, nullptr},
};
constexpr Member kSequence[] = {
    {"schema", Form::kText, false, 1, 0, nullptr},
    {"name", Form::kText, false, 1, 0, nullptr},
    {"last_value", Form::kInteger, true, PG_INT64_MIN, kMost, nullptr},
    {"is_called", Form::kBoolean, true, 0, 0, nullptr},
    {"increment", Form::kInteger, true, PG_INT64_MIN, kMost, nullptr},
};
constexpr Member kObject[] = {
    {"kind", Form::kText, false, 1, 0, nullptr},
    {"identity", Form::kText, false, 1, 0, nullptr},
    {"facet", Form::kText, false, 0, 0, nullptr},
    {"class", Form::kWord, false, 0, 0, " strict policy warning "},
    {"definition", Form::kText, true, 0, 0, nullptr},
};

struct List {
  const char* name;
  const char* one;
  const Member* members;
  int count;
  int naming;  // so many members from the first on name the element
};

constexpr List kLists[] = {
    {"relations", "relation", kRelation, lengthof(kRelation), 2},
    {"sequences", "sequence", kSequence, lengthof(kSequence), 2},
    {"objects", "object", kObject, lengthof(kObject), 3},
};

struct Text {
  const char* data;
  int length;
};

struct Check {
  const List* list;
  const char* what;
  int64 position;    // of the element, from 1
  const char* name;  // of it, as far as it is known
  uint8* raw;
  core::Digest* buckets;
};

char* written(Numeric number) {
  // foreign: none, because numeric_out is the server's own.
  return DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number)));
}

const char* described(const JsonbValue* value) {
  if (value == nullptr) return "it is missing";
  switch (value->type) {
    case jbvNull:
      return "it is null";
    case jbvBool:
      return value->val.boolean ? "it is true" : "it is false";
    case jbvNumeric: {
      char* text = written(value->val.numeric);
      if (strlen(text) > 40) memcpy(text + 37, "...", sizeof "...");
      return psprintf("it is the number %s", text);
    }
    case jbvString: {
      const int length = pg_mbcliplen(value->val.string.val, value->val.string.len, 60);
      return psprintf("it is the text \"%.*s\"%s", length, value->val.string.val,
                      length < value->val.string.len ? "..." : "");
    }
    default:
      return "it is an array or an object";
  }
}

[[noreturn]] void damaged(const Check& check, const char* problem, const char* wanted) {
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
           errmsg("%s is damaged: %s " INT64_FORMAT "%s: %s", check.what, check.list->one,
                  check.position, check.name, problem),
           wanted == nullptr ? 0 : errdetail("It must be %s.", wanted),
           errhint("A document is not to be edited. Take it from another copy of the backup, or "
                   "take a new snapshot.")));
  pg_unreachable();
}

[[noreturn]] void damaged_member(const Check& check, const Member& member, const JsonbValue* value,
                                 const char* wanted) {
  damaged(check, psprintf("\"%s\" is not valid: %s", member.name, described(value)), wanted);
}

const JsonbValue* find_member(JsonbContainer* element, const char* name, JsonbValue* room) {
  return getKeyJsonValueFromContainer(element, name, static_cast<int>(strlen(name)), room);
}

bool is_null(const JsonbValue* value) { return value == nullptr || value->type == jbvNull; }

// A number that is written as a whole one, so that its text can be cast.
bool read_integer(const JsonbValue& value, int64* out) {
  if (value.type != jbvNumeric) return false;
  const char* text = written(value.val.numeric);
  const char* digits = *text == '-' ? text + 1 : text;
  if (*digits == '\0' || strspn(digits, "0123456789") != strlen(digits)) return false;
  errno = 0;
  *out = strtoll(text, nullptr, 10);
  return errno == 0;
}

bool is_word(const char* words, const JsonbValue& value) {
  if (value.type != jbvString || value.val.string.len == 0) return false;
  const char* word = psprintf(" %.*s ", value.val.string.len, value.val.string.val);
  return strchr(word + 1, ' ') == word + value.val.string.len + 1 && strstr(words, word) != nullptr;
}

bool is_digest(const JsonbValue& value, core::Digest* out, bool* known) {
  if (value.type != jbvString) return false;
  const core::ParseStatus status =
      core::parse_digest(value.val.string.val, static_cast<size_t>(value.val.string.len), out);
  *known = status == core::ParseStatus::kOk;
  return status != core::ParseStatus::kMalformed;
}

int compare_texts(const void* a, const void* b) {
  const auto* x = static_cast<const Text*>(a);
  const auto* y = static_cast<const Text*>(b);
  const int shorter = x->length < y->length ? x->length : y->length;
  const int order = memcmp(x->data, y->data, static_cast<size_t>(shorter));
  return order != 0 ? order : x->length - y->length;
}

// Whether a text comes twice; sorts them.
const Text* find_twice(Text* texts, Size count) {
  if (count > 1) qsort(texts, count, sizeof(Text), compare_texts);
  for (Size i = 1; i < count; ++i)
    if (compare_texts(&texts[i - 1], &texts[i]) == 0) return &texts[i];
  return nullptr;
}

// The names of columns: at least one, each once.
bool is_key(const JsonbValue& value) {
  if (value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data) ||
      JsonContainerIsScalar(value.val.binary.data))
    return false;
  const uint32 size = JsonContainerSize(value.val.binary.data);
  if (size == 0 || size > MaxHeapAttributeNumber) return false;
  Text names[MaxHeapAttributeNumber];
  Size count = 0;
  JsonbIterator* it = JsonbIteratorInit(value.val.binary.data);
  JsonbValue item;
  for (JsonbIteratorToken token = JsonbIteratorNext(&it, &item, true); token != WJB_DONE;
       token = JsonbIteratorNext(&it, &item, true)) {
    if (token != WJB_ELEM) continue;
    if (item.type != jbvString || item.val.string.len == 0) return false;
    names[count++] = Text{item.val.string.val, item.val.string.len};
  }
  return find_twice(names, count) == nullptr;
}

void check_member(const Check& check, const Member& member, const JsonbValue* value) {
  if (is_null(value)) {
    if (!member.nullable) damaged_member(check, member, value, nullptr);
    return;
  }
  int64 number = 0;
  core::Digest digest;
  bool known = false;
  switch (member.form) {
    case Form::kText:
      if (value->type != jbvString || value->val.string.len < member.least)
        damaged_member(check, member, value,
                       member.least > 0 ? "a text that is not empty" : "a text");
      break;
    case Form::kWord:
      if (!is_word(member.words, *value))
        damaged_member(
            check, member, value,
            psprintf("one of:%.*s", static_cast<int>(strlen(member.words)) - 1, member.words));
      break;
    case Form::kInteger:
      if (!read_integer(*value, &number) || number < member.least || number > member.most)
        damaged_member(check, member, value,
                       psprintf("a whole number from " INT64_FORMAT " to " INT64_FORMAT,
                                member.least, member.most));
      break;
    case Form::kBoolean:
      if (value->type != jbvBool) damaged_member(check, member, value, "true or false");
      break;
    case Form::kDigest:
      if (!is_digest(*value, &digest, &known))
        damaged_member(check, member, value, "a digest, algorithm:rows:bytes:hash");
      break;
    case Form::kKey:
      if (!is_key(*value))
        damaged_member(check, member, value, "a list of column names, each of them once");
      break;
  }
}

// Members that say something about one another.
void check_relation(const Check& check, JsonbContainer* element) {
  JsonbValue state;
  JsonbValue rows;
  JsonbValue digest;
  JsonbValue bits;
  JsonbValue buckets;
  const bool counted = !is_null(find_member(element, "rows", &rows));
  const bool has_digest = !is_null(find_member(element, "digest", &digest));
  (void)find_member(element, "state", &state);
  if (state.val.string.len == 5 && memcmp(state.val.string.val, "exact", 5) == 0 && !counted)
    damaged(check, "its state is \"exact\", but it has no \"rows\"", nullptr);
  if (has_digest && !counted) damaged(check, "it has a digest, but no \"rows\"", nullptr);
  if (is_null(find_member(element, "buckets", &buckets))) return;
  if (!has_digest) damaged(check, "it has key buckets, but no digest", nullptr);
  core::Digest sum;
  bool known = false;
  (void)is_digest(digest, &sum, &known);
  // The form of another algorithm's is not known; a comparison refuses it.
  if (!known) return;
  int64 power = -1;
  if (is_null(find_member(element, "bucket_bits", &bits)) || !read_integer(bits, &power))
    damaged(check, "it has key buckets, but no \"bucket_bits\"", nullptr);
  size_t length = 0;
  if (!core::decode_base64(buckets.val.string.val, static_cast<size_t>(buckets.val.string.len),
                           check.raw, core::kBucketBytesMax, &length) ||
      !core::parse_buckets(check.raw, length, static_cast<int>(power), check.buckets))
    damaged(check, "its key buckets cannot be read",
            psprintf("the base64 form of %d buckets", 1 << static_cast<int>(power)));
  if (check.buckets[0].algorithm != sum.algorithm)
    damaged(check, "its key buckets are not of its digest's algorithm", nullptr);
}

void check_sequence(const Check& check, JsonbContainer* element) {
  JsonbValue value;
  JsonbValue other;
  int64 increment = 0;
  if (is_null(find_member(element, "last_value", &value))) return;
  if (is_null(find_member(element, "is_called", &other)) ||
      is_null(find_member(element, "increment", &other)))
    damaged(check, "it has a value, but no \"is_called\" or no \"increment\"", nullptr);
  if (read_integer(other, &increment) && increment == 0)
    damaged(check, "\"increment\" is not valid: it is the number 0", "another number than 0");
}

// "schema.name", in which neither member can stand for the other: they are separated by a NUL.
Text read_name(const Check& check, JsonbContainer* element, const char** shown) {
  StringInfoData key;
  StringInfoData text;
  initStringInfo(&key);
  initStringInfo(&text);
  for (int i = 0; i < check.list->naming; ++i) {
    JsonbValue value;
    if (find_member(element, check.list->members[i].name, &value) == nullptr ||
        value.type != jbvString)
      continue;
    appendBinaryStringInfo(&key, value.val.string.val, value.val.string.len);
    appendStringInfoChar(&key, '\0');
    const int length = pg_mbcliplen(value.val.string.val, value.val.string.len, 100);
    appendStringInfo(&text, "%s%.*s",
                     i == 0                    ? ""
                     : check.list->naming == 2 ? "."
                                               : " ",
                     length, value.val.string.val);
  }
  *shown = text.len > 0 ? psprintf(" (%s)", text.data) : "";
  return Text{key.data, key.len};
}

void check_element(Check* check, const JsonbValue& value, Text* name, MemoryContext keep) {
  check->name = "";
  if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
    damaged(*check, psprintf("it is no object: %s", described(&value)), nullptr);
  JsonbContainer* element = value.val.binary.data;
  *name = read_name(*check, element, &check->name);
  for (int i = 0; i < check->list->count; ++i) {
    JsonbValue room;
    check_member(*check, check->list->members[i],
                 find_member(element, check->list->members[i].name, &room));
  }
  if (check->list->members == kRelation) check_relation(*check, element);
  if (check->list->members == kSequence) check_sequence(*check, element);
  auto* kept = static_cast<char*>(MemoryContextAlloc(keep, static_cast<Size>(name->length) + 1));
  memcpy(kept, name->data, static_cast<size_t>(name->length));
  name->data = kept;
}

const List* find_list(const char* name) {
  for (const List& list : kLists)
    if (strcmp(list.name, name) == 0) return &list;
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg("a snapshot document has no list of %s", name)));
  return nullptr;
}

void check_list(Jsonb* jsonb, const char* member, const char* what) {
  Check check{find_list(member), what, 0, "", nullptr, nullptr};
  if (!JB_ROOT_IS_ARRAY(jsonb) || JB_ROOT_IS_SCALAR(jsonb))
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("%s is damaged: it has no list of %s", what, member)));
  check.raw = static_cast<uint8*>(palloc(core::kBucketBytesMax));
  check.buckets = static_cast<core::Digest*>(palloc(sizeof(core::Digest) * core::kBucketsMax));
  MemoryContext keep = CurrentMemoryContext;
  MemoryContext scratch =
      AllocSetContextCreate(keep, "pgdr document element", ALLOCSET_DEFAULT_SIZES);
  auto* names = static_cast<Text*>(
      MemoryContextAllocHuge(keep, sizeof(Text) * (Size{JB_ROOT_COUNT(jsonb)} + 1)));
  Size count = 0;
  JsonbIterator* it = JsonbIteratorInit(&jsonb->root);
  JsonbValue value;
  for (JsonbIteratorToken token = JsonbIteratorNext(&it, &value, true); token != WJB_DONE;
       token = JsonbIteratorNext(&it, &value, true)) {
    if (token != WJB_ELEM) continue;
    CHECK_FOR_INTERRUPTS();
    check.position++;
    MemoryContext outer = MemoryContextSwitchTo(scratch);
    check_element(&check, value, &names[count++], keep);
    MemoryContextSwitchTo(outer);
    MemoryContextReset(scratch);
  }
  const Text* twice = find_twice(names, count);
  if (twice != nullptr) {
    auto* shown = static_cast<char*>(palloc(static_cast<Size>(twice->length)));
    for (int i = 0; i < twice->length; ++i)
      shown[i] = twice->data[i] == '\0' && i + 1 < twice->length ? ' ' : twice->data[i];
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("%s is damaged: %s \"%s\" comes twice", what, check.list->one, shown)));
  }
  MemoryContextDelete(scratch);
}

}  // namespace

}  // namespace pgdr

extern "C" {

// (list jsonb, member text, what text) -> void
PGDLLEXPORT Datum dr_check_list(PG_FUNCTION_ARGS) {
  const char* member = text_to_cstring(PG_GETARG_TEXT_PP(1));
  const char* what = text_to_cstring(PG_GETARG_TEXT_PP(2));
  pgdr::check_list(PG_GETARG_JSONB_P(0), member, what);
  PG_RETURN_VOID();
}

}  // extern "C"
