// The canonical encoder against the frozen vectors of test/vectors/fingerprint.tsv, from plain
// values. The regression test engine_vectors loads the same file and compares what the extension
// makes of PostgreSQL's stored values.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "core/canonical.hpp"
#include "core/hash.hpp"

namespace pgdr::core {
namespace {

// A memory sink over a vector that grows.
class VectorSink : public Sink {
 public:
  VectorSink() : Sink(Mode::kMemory, nullptr, 0, &grow) { resize(1); }
  VectorSink(const VectorSink&) = delete;
  VectorSink& operator=(const VectorSink&) = delete;
  std::string str() const { return {reinterpret_cast<const char*>(begin), size()}; }
  size_t size() const { return static_cast<size_t>(pos - begin); }

 private:
  void resize(size_t capacity) {
    const size_t used = begin == nullptr ? 0 : size();
    data_.resize(capacity);
    begin = data_.data();
    pos = begin + used;
    end = begin + capacity;
  }
  static void grow(Sink& sink, size_t need) {
    auto& self = static_cast<VectorSink&>(sink);
    self.resize(self.size() +
                need);  // no spare room: every growth moves and is seen by the sanitizer
  }
  std::vector<uint8_t> data_;
};

using Payload = std::function<void(Sink&)>;

// Writes one payload of fixed maximal size through a put_* function.
template <typename Put>
Payload put(size_t room, Put function) {
  return [room, function](Sink& sink) {
    sink.ensure(room);
    sink.pos = function(sink.pos);
  };
}

Payload bytes(std::string value) {
  return [value](Sink& sink) { sink.bytes(value.data(), value.size()); };
}
Payload u8(uint8_t v) {
  return [v](Sink& sink) { sink.u8(v); };
}
Payload u16(uint16_t v) {
  return [v](Sink& sink) { sink.u16(v); };
}
Payload u32(uint32_t v) {
  return [v](Sink& sink) { sink.u32(v); };
}
Payload u64(uint64_t v) {
  return [v](Sink& sink) { sink.u64(v); };
}
Payload i64(int64_t v) { return u64(static_cast<uint64_t>(v)); }
Payload numeric(NumericSign sign, int weight, uint16_t dscale, std::vector<uint16_t> digits) {
  return [=](Sink& sink) {
    Numeric n;
    n.sign = sign;
    n.weight = weight;
    n.dscale = dscale;
    n.digits = reinterpret_cast<const uint8_t*>(digits.data());
    n.count = static_cast<int>(digits.size());
    n.normalize();
    n.write(sink);
  };
}
const Payload kNull = nullptr;

void field(Sink& sink, const Payload& payload) {
  if (payload == nullptr) {
    sink.u32(kNullLength);
  } else {
    sink.framed([&](Sink& inner) { payload(inner); });
  }
}

// Number of columns, then each; callers give the columns in name order.
Payload row(std::vector<Payload> columns) {
  return [columns](Sink& sink) {
    sink.u32(static_cast<uint32_t>(columns.size()));
    for (const Payload& column : columns) field(sink, column);
  };
}

struct Dimension {
  uint32_t length;
  uint32_t lower_bound;
};
Payload array(std::vector<Dimension> dimensions, std::vector<Payload> elements) {
  return [=](Sink& sink) {
    sink.u32(static_cast<uint32_t>(dimensions.size()));
    for (const Dimension& d : dimensions) {
      sink.u32(d.length);
      sink.u32(d.lower_bound);
    }
    for (const Payload& element : elements) field(sink, element);
  };
}

Payload range(uint8_t flags, std::vector<Payload> bounds) {
  return [=](Sink& sink) {
    sink.u8(flags);
    for (const Payload& bound : bounds) field(sink, bound);
  };
}

Payload inet(uint8_t family, uint8_t bits, std::string address) {
  return put(kInetMax, [=](uint8_t* p) { return put_inet(p, family, bits, address.data()); });
}
Payload interval(int64_t us, int32_t days, int32_t months) {
  return put(kIntervalLength, [=](uint8_t* p) { return put_interval(p, us, days, months); });
}

Payload floats(std::vector<double> values) {
  return [values](Sink& sink) {
    for (const double v : values) {
      sink.ensure(8);
      sink.pos = put_float8(sink.pos, v);
    }
  };
}
// A path or polygon: what precedes the number of points, x and y of each.
Payload points(Payload before, std::vector<double> coordinates) {
  return [before, coordinates](Sink& sink) {
    before(sink);
    sink.u32(static_cast<uint32_t>(coordinates.size() / 2));
    floats(coordinates)(sink);
  };
}

Payload tag(JsonTag t) { return u8(static_cast<uint8_t>(t)); }
Payload json_number(Payload number) {
  return [number](Sink& sink) {
    sink.u8(static_cast<uint8_t>(JsonTag::kNumber));
    sink.framed(number);
  };
}
Payload json_string(std::string s) {
  return [s](Sink& sink) { write_json_string(sink, s.data(), s.size()); };
}
Payload json_array(std::vector<Payload> items) {
  return [items](Sink& sink) {
    sink.u8(static_cast<uint8_t>(JsonTag::kArray));
    sink.u32(static_cast<uint32_t>(items.size()));
    for (const Payload& item : items) item(sink);
  };
}
Payload json_object(std::vector<std::pair<std::string, Payload>> members) {
  return [members](Sink& sink) {
    sink.u8(static_cast<uint8_t>(JsonTag::kObject));
    sink.u32(static_cast<uint32_t>(members.size()));
    for (const auto& [key, value] : members) {
      write_json_key(sink, key.data(), key.size());
      value(sink);
    }
  };
}

const auto kPos = NumericSign::kPositive;
const auto kNeg = NumericSign::kNegative;

const Payload kOneTenthScaled = numeric(kPos, 0, 2, {1, 1000});

std::string raw(std::initializer_list<int> values) {
  std::string out;
  for (int v : values) out.push_back(static_cast<char>(v));
  return out;
}

const std::map<std::string, Payload>& expected_rows() {
  static const std::map<std::string, Payload> rows = {
      {"bool_true", row({u8(1)})},
      {"bool_false", row({u8(0)})},
      {"null", row({kNull})},
      {"no_columns", row({})},
      {"char", row({u8('x')})},
      {"int2", row({u16(0xFFFE)})},
      {"int4", row({u32(0x01020304)})},
      {"int4_minimum", row({u32(0x80000000U)})},
      {"int8", row({u64(0x0102030405060708U)})},
      {"oid", row({u32(0xFFFFFFFFU)})},
      {"xid", row({u32(7)})},
      {"cid", row({u32(8)})},
      {"tid", row({put(kTidLength, [](uint8_t* p) { return put_tid(p, 65538, 3); })})},
      {"pg_lsn", row({u64(0x16B374D848U)})},
      {"float4", row({put(4, [](uint8_t* p) { return put_float4(p, 1.5F); })})},
      {"float4_nan", row({put(4,
                              [](uint8_t* p) {
                                return put_float4(p, -std::numeric_limits<float>::quiet_NaN());
                              })})},
      {"float8", row({put(8, [](uint8_t* p) { return put_float8(p, -1234.5); })})},
      {"float8_zero", row({put(8, [](uint8_t* p) { return put_float8(p, 0.0); })})},
      {"float8_minus_zero", row({put(8, [](uint8_t* p) { return put_float8(p, -0.0); })})},
      {"float8_nan", row({put(8,
                              [](uint8_t* p) {
                                return put_float8(p, -std::numeric_limits<double>::quiet_NaN());
                              })})},
      {"float8_infinity", row({put(8,
                                   [](uint8_t* p) {
                                     return put_float8(p, -std::numeric_limits<double>::infinity());
                                   })})},
      {"numeric_zero", row({numeric(kNeg, 3, 0, {0, 0})})},
      {"numeric_zero_scaled", row({numeric(kPos, 0, 2, {})})},
      {"numeric_one_tenth", row({numeric(kPos, 1, 1, {0, 1, 1000, 0})})},
      {"numeric_one_tenth_scaled", row({kOneTenthScaled})},
      {"numeric_negative", row({numeric(kNeg, 1, 3, {1, 2345, 6780})})},
      {"numeric_small", row({numeric(kPos, -2, 8, {123})})},
      {"numeric_large", row({numeric(kPos, 75, 0, {1})})},
      {"numeric_nan", row({numeric(NumericSign::kNaN, 5, 5, {1})})},
      {"numeric_infinity", row({numeric(NumericSign::kInfinity, 0, 0, {})})},
      {"numeric_minus_infinity", row({numeric(NumericSign::kMinusInfinity, 0, 0, {})})},
      {"text", row({bytes("d\xC3\xA9j\xC3\xA0 vu")})},
      {"text_empty", row({bytes("")})},
      {"varchar", row({bytes("abc")})},
      {"bpchar", row({bytes("ab   ")})},
      {"name", row({bytes("pg_class")})},
      {"bytea", row({bytes(raw({0, 0xFF, 0x10}))})},
      {"json", row({bytes(R"({"b" : 1,  "a":[]})")})},
      {"uuid", row({bytes(raw({0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xAA,
                               0xBB, 0xCC, 0xDD, 0xEE, 0xFF}))})},
      {"date", row({u32(9821)})},
      {"date_infinity", row({u32(0x7FFFFFFF)})},
      {"time", row({i64(((12 * 60 + 34) * 60 + 56) * 1000000LL + 789000)})},
      {"timetz", row({put(kTimetzLength,
                          [](uint8_t* p) {
                            return put_timetz(p, ((12 * 60 + 34) * 60 + 56) * 1000000LL, -7200);
                          })})},
      {"timestamp", row({i64(1000000)})},
      {"timestamptz", row({i64(-1000000)})},
      {"interval_day", row({interval(0, 1, 0)})},
      {"interval_hours", row({interval(86400000000LL, 0, 0)})},
      {"interval_mixed", row({interval(3500000, -2, 1)})},
      {"money", row({i64(1234)})},
      {"bit", row({[](Sink& sink) { write_bits(sink, 10, "\xA0\xC0", 2); }})},
      {"varbit_empty", row({[](Sink& sink) { write_bits(sink, 0, "", 0); }})},
      {"inet_v4", row({inet(4, 24, raw({192, 168, 1, 7}))})},
      {"inet_v6",
       row({inet(6, 128, raw({0x20, 0x01, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}))})},
      {"cidr", row({inet(4, 8, raw({10, 0, 0, 0}))})},
      {"macaddr", row({bytes(raw({8, 0, 0x2B, 1, 2, 3}))})},
      {"macaddr8", row({bytes(raw({8, 0, 0x2B, 0xFF, 0xFE, 1, 2, 3}))})},
      {"jsonb_null", row({tag(JsonTag::kNull)})},
      {"jsonb_string", row({json_string("x")})},
      {"jsonb_number", row({json_number(kOneTenthScaled)})},
      {"jsonb_empty_object", row({json_object({})})},
      {"jsonb_empty_array", row({json_array({})})},
      {"jsonb_nested",
       row({json_object(
           {{"c", json_object({{"d", tag(JsonTag::kFalse)}})},
            {"bb", json_array({json_number(numeric(kPos, 0, 0, {1})), tag(JsonTag::kTrue),
                               tag(JsonTag::kNull), json_string("s")})}})})},
      {"array_empty", row({array({}, {})})},
      {"array_int", row({array({{3, 1}}, {u32(1), kNull, u32(3)})})},
      {"array_bounds", row({array({{2, 2}}, {u32(1), u32(2)})})},
      {"array_two_dimensions",
       row({array({{2, 1}, {2, 1}}, {bytes("a"), bytes("bc"), bytes("d"), kNull})})},
      {"enum", row({bytes("happy")})},
      {"domain", row({u32(5)})},
      {"composite", row({row({bytes("x"), u32(1)})})},
      {"composite_null_inside", row({row({kNull, kNull})})},
      {"columns_by_name", row({u32(3), u32(2), u32(1)})},
      {"range", row({range(kRangeLowerInclusive, {u32(1), u32(5)})})},
      {"range_empty", row({range(kRangeEmpty, {})})},
      {"range_lower_infinite",
       row({range(kRangeUpperInclusive | kRangeLowerInfinite, {numeric(kPos, 0, 2, {2, 5000})})})},
      {"multirange", row({[](Sink& sink) {
         sink.u32(2);
         field(sink, range(kRangeLowerInclusive, {u32(1), u32(2)}));
         field(sink, range(kRangeLowerInclusive, {u32(5), u32(7)}));
       }})},
      {"tsvector", row({[](Sink& sink) {
         sink.u32(2);
         sink.u32(1);
         sink.bytes("a", 1);
         sink.u16(2);
         sink.u16(0xC001);
         sink.u16(3);
         sink.u32(2);
         sink.bytes("bc", 2);
         sink.u16(0);
       }})},
      {"output_regclass", row({bytes("\"pg_class\"")})},
      {"output_tsquery", row({bytes("'a' & !'b':*A")})},
      {"output_xml", row({bytes("<a b=\"1\">x</a>")})},
      {"output_pg_snapshot", row({bytes("10:20:12,15")})},
      {"point", row({floats({1.5, -2})})},
      {"point_nan", row({floats({std::numeric_limits<double>::quiet_NaN(), -0.0})})},
      {"lseg", row({floats({0, 0, 1, 0.1})})},
      {"box", row({floats({2, 2, 1, 1})})},
      {"line", row({floats({1, -1, 0.5})})},
      {"circle", row({floats({0.5, 0, 3})})},
      {"path_open", row({points(u8(0), {0, 0, 1, 0.1})})},
      {"path_closed", row({points(u8(1), {0, 0, 1, 0.1})})},
      {"polygon", row({points([](Sink&) {}, {0, 0, 1, 1, 2, 0})})},
      {"jsonpath", row({[](Sink& sink) {
         sink.u8(1);  // lax
         sink.u8(27);
         sink.u8(25);
         sink.framed(bytes("a"));
         sink.u8(21);
         sink.u8(29);  // ? (...)
         sink.u8(1);
         sink.u8(11);  // ... > ...
         sink.u8(1);
         sink.u8(26);
         sink.u8(0xFF);
         sink.u8(1);
         sink.u8(2);
         sink.framed(kOneTenthScaled);
         sink.u8(0xFF);
         sink.u8(0xFF);
         sink.u8(0xFF);
       }})},
      {"aclitem_dangling", row({[](Sink& sink) {
         sink.u32(2);  // SELECT
         sink.u32(2);
         field(sink, bytes("3999999998"));
         field(sink, bytes("3999999999"));
       }})},
      {"hstore", row({[](Sink& sink) {
         sink.u32(2);
         field(sink, bytes("b"));
         field(sink, kNull);
         field(sink, bytes("aa"));
         field(sink, bytes("1"));
       }})},
      {"ltree", row({bytes("Top.Science")})},
      {"two_columns", row({u32(1), bytes("a")})},
  };
  return rows;
}

std::string hex(const std::string& value) {
  std::string out;
  for (const char c : value) {
    const auto b = static_cast<uint8_t>(c);
    out.push_back("0123456789abcdef"[b >> 4]);
    out.push_back("0123456789abcdef"[b & 15]);
  }
  return out;
}

std::string hex(const U128& hash) {
  char text[33];
  std::snprintf(text, sizeof text, "%016lx%016lx", static_cast<unsigned long>(hash.hi),
                static_cast<unsigned long>(hash.lo));
  return text;
}

struct Vector {
  std::string name, canonical, hash;
};

std::vector<Vector> frozen_vectors() {
  std::ifstream in(std::string(PGDR_VECTORS) + "/fingerprint.tsv");
  std::vector<Vector> vectors;
  std::string line;
  while (std::getline(in, line)) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream fields(line);
    std::string name, since, sql, canonical, hash;
    std::getline(fields, name, '\t');
    std::getline(fields, since, '\t');
    std::getline(fields, sql, '\t');
    std::getline(fields, canonical, '\t');
    std::getline(fields, hash, '\t');
    vectors.push_back({name, canonical, hash});
  }
  return vectors;
}

TEST(CoreVectors, PlainValuesGiveTheFrozenBytes) {
  const auto vectors = frozen_vectors();
  EXPECT_EQ(vectors.size(), expected_rows().size());
  for (const Vector& v : vectors) {
    SCOPED_TRACE(v.name);
    const auto found = expected_rows().find(v.name);
    ASSERT_NE(found, expected_rows().end());
    VectorSink sink;
    found->second(sink);
    EXPECT_EQ(hex(sink.str()), v.canonical);
    EXPECT_EQ(hex(hash(sink.begin, sink.size())), v.hash);
  }
}

// What is streamed or only counted must agree with what is collected, nested lengths included.
TEST(CoreVectors, EverySinkGivesTheSame) {
  for (const auto& [name, payload] : expected_rows()) {
    SCOPED_TRACE(name);
    VectorSink memory;
    payload(memory);
    HashSink stream;
    payload(stream);
    CountSink count;
    payload(count);
    EXPECT_EQ(hex(stream.finish()), hex(hash(memory.begin, memory.size())));
    EXPECT_EQ(stream.total(), memory.size());
    EXPECT_EQ(count.total(), memory.size());
    EXPECT_FALSE(stream.too_long);
  }
}

TEST(CoreSink, LargeNestedValuesAreStreamed) {
  const std::string large(300000, 'x');
  const Payload value = row({row({bytes(large), u32(1)}), array({{2, 1}}, {bytes(large), kNull})});
  VectorSink memory;
  value(memory);
  HashSink stream;
  value(stream);
  EXPECT_EQ(hex(stream.finish()), hex(hash(memory.begin, memory.size())));
  EXPECT_EQ(stream.total(), memory.size());
}

TEST(CoreSink, ValuesOfFourGigabytesAreFlagged) {
  CountSink count;
  const std::string piece(1 << 20, 'x');
  count.framed([&](Sink& inner) {
    for (int i = 0; i < 4096; ++i) inner.bytes(piece.data(), piece.size());
  });
  EXPECT_TRUE(count.too_long);
}

// The smallest changes that must not go unnoticed have different canonical bytes.
TEST(CoreVectors, DifferentValuesDiffer) {
  const std::pair<const char*, const char*> pairs[] = {
      {"float8_zero", "float8_minus_zero"},
      {"numeric_one_tenth", "numeric_one_tenth_scaled"},
      {"numeric_zero", "numeric_zero_scaled"},
      {"interval_day", "interval_hours"},
      {"array_int", "array_bounds"},
      {"null", "text_empty"},
      {"jsonb_empty_object", "jsonb_empty_array"},
      {"composite_null_inside", "null"},
      {"no_columns", "null"},
  };
  for (const auto& [a, b] : pairs) {
    SCOPED_TRACE(a);
    VectorSink x, y;
    expected_rows().at(a)(x);
    expected_rows().at(b)(y);
    EXPECT_NE(x.str(), y.str());
  }
}

}  // namespace
}  // namespace pgdr::core
