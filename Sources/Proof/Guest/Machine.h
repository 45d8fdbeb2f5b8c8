/* Calls of the guest to the machine it runs in (Machine.S). */

/* 1 if the signature (r and s, 64 bytes) over the digest (32 bytes) is good for the address (20 bytes), else anything but 1. */
long machine_signature_is_good(const void *digest, const void *signature, const void *signer);
