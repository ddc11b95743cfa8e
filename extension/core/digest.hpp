#pragma once
#include <cstdint>
namespace pgdr::core { struct Digest { uint64_t lo, hi, rows, bytes; }; }
