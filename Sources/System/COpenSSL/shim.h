#include <openssl/ssl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>

/* EVP_EC_gen is a macro over a variadic function: out of Swift's reach. */
static inline EVP_PKEY *memex_generate_ec_key(const char *curve) { return EVP_EC_gen(curve); }
