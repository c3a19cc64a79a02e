/* Loaded into the programs of a run by LD_PRELOAD. While the file that FAULT_FSYNC names exists, fdatasync and
 * fsync of files in the spool fail with EIO; while the one that FAULT_CLOCK names exists, the clock of day is as
 * many seconds back as it has bytes. Everything else passes. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static int fails(int descriptor) {
    const char *switch_file = getenv("FAULT_FSYNC"), *spool = getenv("WAYBILL_SPOOL_DIRECTORY");
    struct stat status;
    if (!switch_file || !spool || stat(switch_file, &status) != 0) return 0;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return strncmp(path, spool, strlen(spool)) == 0;
}

int fdatasync(int descriptor) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    if (fails(descriptor)) {
        errno = EIO;
        return -1;
    }
    return real(descriptor);
}

int fsync(int descriptor) {
    static int (*real)(int);
    if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    if (fails(descriptor)) {
        errno = EIO;
        return -1;
    }
    return real(descriptor);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, time);
    const char *path = getenv("FAULT_CLOCK");
    if (result != 0 || clock != CLOCK_REALTIME || !path || access(path, F_OK) != 0) return result;
    struct stat status;
    if (stat(path, &status) == 0) time->tv_sec -= status.st_size;
    return result;
}
