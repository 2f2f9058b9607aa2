/* Response heads, RFC 9112 §4 and §5: one pass over a complete and strictly valid head.
 *
 * Finds where the head ends, what its status line says, and the fields that rule framing,
 * persistence, or what a session does next. Everything else, be it incomplete, lenient, oversized or
 * wrong, is left undecided. What repeated fields mean is for the caller; only Content-Length is
 * judged here, since nearly every head has one.
 */

#include "speedups.h"

enum { TEXT = 2, TOKEN = 1 };

/* field-vchar, obs-text, SP and HTAB (RFC 9110 §5.5) are TEXT; tchar (§5.6.2) is TOKEN as well. */
static const octet class_of[256] = {
    0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, /* 00 */
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, /* 10 */
    2, 3, 2, 3, 3, 3, 3, 3, 2, 2, 3, 3, 2, 3, 3, 2, /* 20 */
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 2, 2, 2, /* 30 */
    2, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, /* 40 */
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 2, 2, 3, 3, /* 50 */
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, /* 60 */
    3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 2, 3, 2, 3, 0, /* 70 */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* 80 */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* 90 */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* a0 */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* b0 */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* c0 */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* d0 */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* e0 */
    2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, /* f0 */
};

/* More digits may not fit; such a length is left to the caller. */
#define MAX_LENGTH_DIGITS 18

static const octet *
skip_text(const octet *at, const octet *end)
{
    while (at < end && class_of[*at] & TEXT) {
        at++;
    }
    return at;
}

static const octet *
skip_token(const octet *at, const octet *end)
{
    while (at < end && class_of[*at] & TOKEN) {
        at++;
    }
    return at;
}

static octet
lower(octet letter)
{
    return letter >= 'A' && letter <= 'Z' ? letter | 0x20 : letter;
}

/* A new bytes object in lower case. */
static PyObject *
new_lower(const octet *start, const octet *end)
{
    PyObject *made = PyBytes_FromStringAndSize(NULL, end - start);
    if (made != NULL) {
        char *target = PyBytes_AS_STRING(made);
        while (start < end) {
            *target++ = (char)lower(*start++);
        }
    }
    return made;
}

static int
is_name(const octet *start, const char *name, Py_ssize_t size)
{
    for (Py_ssize_t i = 0; i < size; i++) {
        if (lower(start[i]) != (octet)name[i]) {
            return 0;
        }
    }
    return 1;
}

enum ruling { NONE, CONTENT_LENGTH, OTHER };

#define IS(name) is_name(start, name, sizeof(name) - 1)

static enum ruling
ruling_of(const octet *start, const octet *end)
{
    switch (end - start) {
    case 7:
        return IS("upgrade") ? OTHER : NONE;
    case 10:
        return IS("connection") || IS("set-cookie") || IS("keep-alive") ? OTHER : NONE;
    case 14:
        return IS("content-length") ? CONTENT_LENGTH : NONE;
    case 16:
        return IS("content-encoding") ? OTHER : NONE;
    case 17:
        return IS("transfer-encoding") ? OTHER : NONE;
    case 18:
        return IS("sec-websocket-key1") ? OTHER : NONE;
    default:
        return NONE;
    }
}

/* What is found out about a head; `length` is -1 without a Content-Length. */
typedef struct {
    const octet *reason, *reason_end;
    const octet *end;
    long long length, fields;
    int minor, status;
    PyObject *others; /* list of (name, value), both in lower case */
} Head;

/* The end of the status line with its CRLF, or NULL. */
static const octet *
scan_status_line(const octet *at, const octet *end, Head *head)
{
    if (end - at < 12 || memcmp(at, "HTTP/1.", 7) != 0 || (at[7] != '0' && at[7] != '1')
        || at[8] != ' ' || at[9] < '1' || at[9] > '9' || at[10] < '0' || at[10] > '9'
        || at[11] < '0' || at[11] > '9') {
        return NULL;
    }
    head->minor = at[7] - '0';
    head->status = (at[9] - '0') * 100 + (at[10] - '0') * 10 + (at[11] - '0');
    at += 12;
    /* A missing SP before an empty reason is common. */
    head->reason = at < end && *at == ' ' ? at + 1 : at;
    head->reason_end = head->reason == at ? at : skip_text(head->reason, end);
    return is_crlf(head->reason_end, end) ? head->reason_end + 2 : NULL;
}

/* Whether this is one decimal number and the first Content-Length of the head. */
static int
take_length(Head *head, const octet *at, const octet *end)
{
    if (head->length >= 0 || at == end || end - at > MAX_LENGTH_DIGITS) {
        return 0;
    }
    long long length = 0;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9') {
            return 0;
        }
        length = length * 10 + (*at - '0');
    }
    head->length = length;
    return 1;
}

/* 0, or -1 with an exception set. */
static int
take_other(Head *head, const octet *name, const octet *colon, const octet *value, const octet *end)
{
    while (end > value && (end[-1] == ' ' || end[-1] == '\t')) {
        end--;
    }
    PyObject *first = new_lower(name, colon);
    PyObject *second = first == NULL ? NULL : new_lower(value, end);
    PyObject *pair = second == NULL ? NULL : PyTuple_Pack(2, first, second);
    Py_XDECREF(first);
    Py_XDECREF(second);
    return append_owned(head->others, pair);
}

/* 1 for a whole and strictly valid head, 0 for anything else, -1 with an exception set. */
static int
scan(const octet *at, const octet *end, Head *head)
{
    at = scan_status_line(at, end, head);
    if (at == NULL) {
        return 0;
    }
    while (!is_crlf(at, end)) {
        const octet *name = at;
        const octet *colon = skip_token(name, end);
        if (colon == name || colon == end || *colon != ':') {
            return 0;
        }
        const octet *value = colon + 1;
        while (value < end && (*value == ' ' || *value == '\t')) {
            value++;
        }
        const octet *value_end = skip_text(value, end);
        if (!is_crlf(value_end, end)) {
            return 0;
        }
        enum ruling rules = ruling_of(name, colon);
        if (rules == CONTENT_LENGTH && !take_length(head, value, value_end)) {
            return 0;
        }
        if (rules == OTHER && take_other(head, name, colon, value, value_end) < 0) {
            return -1;
        }
        head->fields++;
        at = value_end + 2;
    }
    head->end = at + 2;
    return 1;
}

/* A new reference to data[:end], which is `data` itself where that is all of it. */
static PyObject *
up_to(PyObject *data, const View *view, const octet *end)
{
    if (end == view->end && PyBytes_CheckExact(data)) {
        Py_INCREF(data);
        return data;
    }
    return new_bytes(view->start, end);
}

static PyObject *
length_or_none(long long length)
{
    if (length < 0) {
        Py_RETURN_NONE;
    }
    return PyLong_FromLongLong(length);
}

/* The tuple for Python. */
static PyObject *
described(PyObject *data, const View *view, const Head *head)
{
    PyObject *found = PyTuple_New(6);
    if (found == NULL) {
        return NULL;
    }
    PyTuple_SET_ITEM(found, 0, up_to(data, view, head->end));
    PyTuple_SET_ITEM(found, 1, PyLong_FromLong(head->minor));
    PyTuple_SET_ITEM(found, 2, PyLong_FromLong(head->status));
    PyTuple_SET_ITEM(found, 3, new_bytes(head->reason, head->reason_end));
    PyTuple_SET_ITEM(found, 4, length_or_none(head->length));
    Py_INCREF(head->others);
    PyTuple_SET_ITEM(found, 5, head->others);
    for (Py_ssize_t i = 0; i < 6; i++) {
        if (PyTuple_GET_ITEM(found, i) == NULL) {
            Py_DECREF(found);
            return NULL;
        }
    }
    return found;
}

typedef struct {
    long long line_size, field_size, head_size, headers;
} Limits;

static int
is_within(const Head *head, long long size, const Limits *limits)
{
    /* A head no longer than one line may be, holds no line or field that is too long. */
    return size <= limits->line_size && size <= limits->field_size && size <= limits->head_size
           && head->fields <= limits->headers;
}

const char scan_response_head_doc[] =
    "scan_response_head(data, max_line_size, max_field_size, max_head_size, max_headers, /)\n--\n\n"
    "The head at the start of `data`, if it is whole, strictly valid and not near a limit.\n\n"
    "A tuple of its bytes, minor version, status, reason phrase, Content-Length (or None) and\n"
    "the other fields that rule, as a list of name and value in lower case; otherwise None.";

PyObject *
scan_response_head(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    Limits limits;
    View view;
    if (check_count("scan_response_head", count, 5) < 0
        || read_number(args[1], "max_line_size", &limits.line_size) < 0
        || read_number(args[2], "max_field_size", &limits.field_size) < 0
        || read_number(args[3], "max_head_size", &limits.head_size) < 0
        || read_number(args[4], "max_headers", &limits.headers) < 0
        || view_open(args[0], &view) < 0) {
        return NULL;
    }
    PyObject *found = NULL;
    Head head = {.length = -1, .others = PyList_New(0)};
    if (head.others != NULL) {
        int outcome = scan(view.start, view.end, &head);
        if (outcome > 0 && is_within(&head, head.end - view.start, &limits)) {
            found = described(args[0], &view, &head);
        } else if (outcome >= 0) {
            Py_INCREF(Py_None);
            found = Py_None;
        }
        Py_DECREF(head.others);
    }
    view_close(&view);
    return found;
}
