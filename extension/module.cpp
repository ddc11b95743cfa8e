#include "engine.hpp"
extern "C" {
PG_MODULE_MAGIC;
}
