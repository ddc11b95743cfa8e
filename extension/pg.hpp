#pragma once
extern "C" {
#include "postgres.h"
#include "fmgr.h"
#include "utils/rel.h"
#include "utils/snapshot.h"
}
