#ifndef WAYBILL_CFASTCGI_SHIM_H
#define WAYBILL_CFASTCGI_SHIM_H

#include <errno.h>
#include <fcgiapp.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

/*
 * Declared here because _GNU_SOURCE would make this module's fd_set differ from that of Swift's
 * own Glibc module.
 */
extern int accept4(int, struct sockaddr *__restrict, socklen_t *__restrict, int);

/* Numbers of the FastCGI protocol; fastcgi.h keeps them from the linker's sight, and Swift's. */
enum { WAYBILL_ROLE_RESPONDER = 1 };

/* struct epoll_event is packed on x86-64, so Swift gets one that is not. */
struct waybill_event {
    uint64_t id;
    uint32_t events;
};

/* 0, or the errno. */
static inline int waybill_epoll_change(int epoll, int operation, int fd, uint32_t events,
                                       uint64_t id) {
    struct epoll_event event = {.events = events, .data = {.u64 = id}};
    return epoll_ctl(epoll, operation, fd, &event) == 0 ? 0 : errno;
}

/* The number of events, or minus the errno. */
static inline int waybill_epoll_wait(int epoll, struct waybill_event *into, int capacity,
                                     int timeout) {
    struct epoll_event events[64];
    int count = epoll_wait(epoll, events, capacity < 64 ? capacity : 64, timeout);
    if (count < 0) return -errno;
    for (int i = 0; i < count; i++) {
        into[i].id = events[i].data.u64;
        into[i].events = events[i].events;
    }
    return count;
}

/* The new descriptor (CLOEXEC, blocking), or minus the errno. */
static inline int waybill_accept(int listener) {
    int fd = accept4(listener, 0, 0, SOCK_CLOEXEC);
    return fd >= 0 ? fd : -errno;
}

/*
 * Parses a request's head, which comes from our OS_Read; its answer goes to fd. `detached` makes libfcgi close with a plain close(2) on an error:
 * otherwise it shuts down, polls for two seconds and reads what comes, on the worker's time.
 * The listen socket is -1, so its retry after an error fails at once instead of accepting.
 */
static inline int waybill_request_read(FCGX_Request *request, int fd) {
    FCGX_InitRequest(request, -1, 0);
    request->ipcFd = fd;
    request->keepConnection = 1;
    request->detached = 1;
    return FCGX_Accept_r(request);
}

/*
 * What FCGX_Finish_r does, but the descriptor always stays ours: frees the request, never closes.
 * 0, or the error of the output.
 */
static inline int waybill_request_finish(FCGX_Request *request) {
    int error = FCGX_GetError(request->out);
    if (error == 0) {
        FCGX_FClose(request->err);
        FCGX_FClose(request->out);
        error = FCGX_GetError(request->out);
    }
    FCGX_Free(request, 0);
    request->ipcFd = -1;
    return error;
}

/* Frees the request without another byte to the peer; the descriptor stays open. */
static inline void waybill_request_abandon(FCGX_Request *request) {
    FCGX_Free(request, 0);
    request->ipcFd = -1;
}

#endif
