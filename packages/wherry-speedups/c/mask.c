/* Masking of WebSocket payloads, RFC 6455 §5.3. */

#include "speedups.h"

#include <stdint.h>

int
check_key(const View *key, int may_be_empty)
{
    Py_ssize_t size = key->end - key->start;
    if (size == 4 || (may_be_empty && size == 0)) {
        return 0;
    }
    PyErr_Format(PyExc_ValueError, "a masking key has 4 bytes, got %zd", size);
    return -1;
}

void
mask_into(octet *target, const octet *source, Py_ssize_t size, const octet *key)
{
    /* Eight octets at a time, wherever they lie; compilers make wider steps of it. */
    octet twice[8];
    uint64_t wide, piece;
    Py_ssize_t i = 0;
    memcpy(twice, key, 4);
    memcpy(twice + 4, key, 4);
    memcpy(&wide, twice, 8);
    for (; size - i >= 8; i += 8) {
        memcpy(&piece, source + i, 8);
        piece ^= wide;
        memcpy(target + i, &piece, 8);
    }
    for (; i < size; i++) {
        target[i] = source[i] ^ key[i & 3];
    }
}

const char apply_mask_doc[] =
    "apply_mask(data, key, /)\n--\n\n"
    "A copy of `data` with octet i XORed with octet i mod 4 of `key`; its own inverse.";

PyObject *
apply_mask(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    View data, key;
    if (check_count("apply_mask", count, 2) < 0 || view_open(args[0], &data) < 0) {
        return NULL;
    }
    if (view_open(args[1], &key) < 0) {
        view_close(&data);
        return NULL;
    }
    PyObject *masked = NULL;
    if (check_key(&key, 0) == 0) {
        masked = PyBytes_FromStringAndSize(NULL, data.end - data.start);
    }
    if (masked != NULL) {
        octet *target = (octet *)PyBytes_AS_STRING(masked);
        mask_into(target, data.start, data.end - data.start, key.start);
    }
    view_close(&key);
    view_close(&data);
    return masked;
}
