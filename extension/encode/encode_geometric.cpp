// Geometric types: their coordinates, each under the rule for double precision. What PostgreSQL
// derives from them (a polygon's bounding box) is left out. Source of the layouts: PostgreSQL's
// utils/geo_decls.h. Values need not be aligned.
#include "encode/encode.hpp"

#include "core/canonical.hpp"

namespace pgdr {

namespace {

using core::load_native;
using core::Sink;

// Distances within a varlena, from the end of its length word.
constexpr Size kPathClosed = offsetof(PATH, closed) - VARHDRSZ;
constexpr Size kPathPoints = offsetof(PATH, p) - VARHDRSZ;
constexpr Size kPolygonPoints = offsetof(POLYGON, p) - VARHDRSZ;

void write_floats(const void* stored, Size count, Sink& sink) {
  const auto* at = static_cast<const char*>(stored);
  for (Size i = 0; i < count; ++i, at += sizeof(float8)) {
    sink.ensure(sizeof(float8));
    sink.pos = core::put_float8(sink.pos, load_native<double>(at));
  }
}

void write_points(const Payload& payload, Size points, Sink& sink) {
  if (payload.length < points || payload.length < sizeof(int32)) corrupt_value("a path or polygon");
  const auto count = load_native<int32>(payload.data);  // the first member of both
  if (count < 0 || static_cast<Size>(count) > (payload.length - points) / sizeof(Point))
    corrupt_value("a path or polygon");
  sink.u32(static_cast<uint32>(count));
  write_floats(payload.data + points, static_cast<Size>(count) * 2, sink);
}

}  // namespace

void encode_floats(const char* stored, int16 length, Sink& sink) {
  write_floats(stored, static_cast<Size>(length) / sizeof(float8), sink);
}

void encode_path(const Payload& payload, Sink& sink) {
  if (payload.length < kPathPoints) corrupt_value("a path or polygon");
  sink.u8(load_native<int32>(payload.data + kPathClosed) != 0 ? 1 : 0);
  write_points(payload, kPathPoints, sink);
}

void encode_polygon(const Payload& payload, Sink& sink) {
  write_points(payload, kPolygonPoints, sink);
}

}  // namespace pgdr
