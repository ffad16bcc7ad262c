#include "again.h"

uint64_t again_bytes(void) { return again_model.plans[AGAIN_MAPPED_PLAN].arena_bytes; }
