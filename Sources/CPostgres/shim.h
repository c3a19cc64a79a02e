#ifndef WAYBILL_CPOSTGRES_SHIM_H
#define WAYBILL_CPOSTGRES_SHIM_H

#include <libpq-fe.h>
#include <sys/eventfd.h>

/// A new non-blocking eventfd, or -1; Swift's Glibc module does not have it.
static inline int waybill_postgres_eventfd(void) {
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

#endif
