#ifndef WAYBILL_COPENSSL_SHIM_H
#define WAYBILL_COPENSSL_SHIM_H

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

/* A macro, which Swift does not see. */
static inline long waybill_tls_server_name(SSL *ssl, const char *name) {
    return SSL_set_tlsext_host_name(ssl, name);
}

#endif
