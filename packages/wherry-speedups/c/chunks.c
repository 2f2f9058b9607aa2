/* Chunked bodies, RFC 9112 §7.1: the chunks that are there, and the one that has begun.
 *
 * Only what every reader of the grammar agrees about: a size of a few hexadecimal digits, CRLF, that
 * much data, CRLF. Extensions, padding, the last chunk, pieces of a size line and all that is wrong
 * are left where they are.
 */

#include "speedups.h"

/* 56 bits: below the greatest length the caller accepts, whatever the digits. */
#define MAX_DIGITS 14

/* So that adding what one call can take does not overflow. */
#define MAX_TOTAL (1LL << 62)

static int
digit_of(octet letter)
{
    if (letter >= '0' && letter <= '9') {
        return letter - '0';
    }
    letter |= 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* Reads a size line at `at`; its end with the CRLF, or NULL if it is to be left. */
static const octet *
scan_size_line(const octet *at, const octet *end, long long max_line_size, long long *size)
{
    const octet *start = at;
    int value;
    *size = 0;
    while (at < end && at - start < MAX_DIGITS && (value = digit_of(*at)) >= 0) {
        *size = *size << 4 | value;
        at++;
    }
    /* No digits make no size either. */
    return *size > 0 && at - start <= max_line_size && is_crlf(at, end) ? at + 2 : NULL;
}

typedef struct {
    PyObject *out;  /* list of bytes */
    PyObject *ends; /* list of int */
    long long total, missing;
} Body;

/* Takes what it can; the first octet not taken, or NULL with an exception set. */
static const octet *
take(const octet *at, const octet *end, long long max_line_size, Body *body)
{
    const octet *data;
    long long size;
    while ((data = scan_size_line(at, end, max_line_size, &size)) != NULL) {
        if (size > end - data) {
            if (data < end && append_owned(body->out, new_bytes(data, end)) < 0) {
                return NULL;
            }
            body->total += end - data;
            body->missing = size - (end - data);
            return end;
        }
        if (!is_crlf(data + size, end)) {
            break;
        }
        body->total += size;
        if (append_owned(body->out, new_bytes(data, data + size)) < 0
            || append_owned(body->ends, PyLong_FromLongLong(body->total)) < 0) {
            return NULL;
        }
        at = data + size + 2;
    }
    return at;
}

const char take_chunks_doc[] =
    "take_chunks(data, start, total, max_line_size, out, ends, /)\n--\n\n"
    "Take plain chunks from data[start:], which begins with a size line.\n\n"
    "Appends their data to `out` and to `ends` what `total` is then. Stops before anything\n"
    "unusual, and after the data that is there of a chunk that goes on later. Returns where it\n"
    "stopped, the new total, and how much of that last chunk is missing, or 0.";

PyObject *
take_chunks(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    View view;
    const octet *at;
    long long max_line_size;
    Body body = {.missing = 0};
    if (check_count("take_chunks", count, 6) < 0
        || read_count(args[2], "total", MAX_TOTAL, &body.total) < 0
        || read_number(args[3], "max_line_size", &max_line_size) < 0
        || check_list(args[4], "out") < 0 || check_list(args[5], "ends") < 0
        || view_open(args[0], &view) < 0) {
        return NULL;
    }
    body.out = args[4];
    body.ends = args[5];
    PyObject *found = NULL;
    if (read_position(args[1], &view, &at) == 0
        && (at = take(at, view.end, max_line_size, &body)) != NULL) {
        found = Py_BuildValue("nLL", (Py_ssize_t)(at - view.start), body.total, body.missing);
    }
    view_close(&view);
    return found;
}
