#include "again.h"

uint64_t again_bytes(void) { return again_model.plans[0].arena_bytes; }
