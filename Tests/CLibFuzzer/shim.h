#pragma once
#include <stddef.h>
#include <stdint.h>

/* No header that the toolchain installs declares it. Source: LLVM, FuzzerInterface.h. */
int LLVMFuzzerRunDriver(
    int *argc, char ***argv, int (*callback)(const uint8_t *data, size_t size));
