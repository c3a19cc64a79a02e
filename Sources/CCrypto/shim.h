#ifndef WAYBILL_CCRYPTO_SHIM_H
#define WAYBILL_CCRYPTO_SHIM_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <crypt.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

/*
 * A fetched algorithm is immutable, counted by itself and shared by all threads; it is handed
 * over as an integer, which Swift may keep in a constant. 0: libcrypto does not have it.
 * Fetching once matters: EVP_sha256() fetches at every use, 275 ns a digest instead of 99.
 */
static inline uintptr_t waybill_digest_fetch(const char *name) {
    return (uintptr_t)EVP_MD_fetch(NULL, name, NULL);
}

static inline uintptr_t waybill_hmac_fetch(void) {
    return (uintptr_t)EVP_MAC_fetch(NULL, "HMAC", NULL);
}

/* One digest; 1 if it was made. `output` holds EVP_MAX_MD_SIZE bytes. */
static inline int waybill_digest(
    uintptr_t algorithm, const void *data, size_t count, unsigned char *output) {
    return EVP_Digest(data, count, output, NULL, (const EVP_MD *)algorithm, NULL);
}

/* One HMAC; its length, or 0 if it could not be made. `output` holds EVP_MAX_MD_SIZE bytes. */
static inline size_t waybill_hmac(
    uintptr_t hmac, const char *digest, const void *key, size_t key_count, const void *data,
    size_t count, unsigned char *output) {
    OSSL_PARAM parameters[2];
    size_t length = 0;
    EVP_MAC_CTX *context = EVP_MAC_CTX_new((EVP_MAC *)hmac);
    if (context == NULL) return 0;
    parameters[0] =
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t)digest, 0);
    parameters[1] = OSSL_PARAM_construct_end();
    if (EVP_MAC_init(context, (const unsigned char *)key, key_count, parameters) != 1
        || EVP_MAC_update(context, (const unsigned char *)data, count) != 1
        || EVP_MAC_final(context, output, &length, EVP_MAX_MD_SIZE) != 1) {
        length = 0;
    }
    EVP_MAC_CTX_free(context);
    return length;
}

/* The public key of an Ed25519 key, 32 bytes each; 1 if it was made. */
static inline int waybill_ed25519_public(const unsigned char *key, unsigned char *output) {
    size_t length = 32;
    EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key, 32);
    int made = pair != NULL && EVP_PKEY_get_raw_public_key(pair, output, &length) == 1
        && length == 32;
    EVP_PKEY_free(pair);
    return made;
}

/* A signature of 64 bytes; 1 if it was made. */
static inline int waybill_ed25519_sign(
    const unsigned char *key, const unsigned char *data, size_t count, unsigned char *output) {
    size_t length = 64;
    EVP_PKEY *pair = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key, 32);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int made = pair != NULL && context != NULL
        && EVP_DigestSignInit(context, NULL, NULL, NULL, pair) == 1
        && EVP_DigestSign(context, output, &length, data, count) == 1 && length == 64;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(pair);
    return made;
}

/* Whether a signature of 64 bytes is that of the data: 1 if so. */
static inline int waybill_ed25519_verify(
    const unsigned char *public_key, const unsigned char *signature, const unsigned char *data,
    size_t count) {
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, public_key, 32);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int valid = key != NULL && context != NULL
        && EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1
        && EVP_DigestVerify(context, signature, 64, data, count) == 1;
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    return valid;
}

/*
 * A fresh setting of a method, with libcrypt's own random salt; 1 if it was made. `output` holds
 * CRYPT_GENSALT_OUTPUT_SIZE bytes.
 */
static inline int waybill_crypt_setting(const char *prefix, unsigned long cost, char *output) {
    char *setting = crypt_gensalt_ra(prefix, cost, NULL, 0);
    if (setting == NULL) return 0;
    size_t length = strlen(setting);
    int made = length > 0 && setting[0] != '*' && length < CRYPT_GENSALT_OUTPUT_SIZE;
    if (made) memcpy(output, setting, length + 1);
    free(setting);
    return made;
}

/*
 * Hashes a phrase by a setting, or by a whole hash that begins with one; the hash's length, or 0 if
 * there is none: what begins with '*' is libcrypt's sign of an error. `output` holds
 * CRYPT_OUTPUT_SIZE bytes.
 */
static inline size_t waybill_crypt(const char *phrase, const char *setting, char *output) {
    void *data = NULL;
    int size = 0;
    size_t length = 0;
    const char *hash = crypt_ra(phrase, setting, &data, &size);
    if (hash != NULL && hash[0] != '*') {
        length = strlen(hash);
        if (length < CRYPT_OUTPUT_SIZE) {
            memcpy(output, hash, length + 1);
        } else {
            length = 0;
        }
    }
    if (data != NULL) {
        /* It holds the phrase. */
        OPENSSL_cleanse(data, (size_t)size);
        free(data);
    }
    return length;
}

#endif
