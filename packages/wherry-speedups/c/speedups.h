/* What the files of this extension share: views of somebody's bytes, and arguments.
 *
 * All functions are plain: they keep nothing between calls, so the module has no state, and they may
 * run in several interpreters and threads at once.
 */

#ifndef WHERRY_SPEEDUPS_H
#define WHERRY_SPEEDUPS_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string.h>

typedef unsigned char octet;

/* Bytes to read, as long as the view is open. */
typedef struct {
    const octet *start;
    const octet *end;
    Py_buffer buffer; /* its `obj` is NULL for bytes, which cannot change and need no holding */
} View;

/* Opens a view of anything with a contiguous buffer; -1 with TypeError or BufferError set. */
static inline int
view_open(PyObject *object, View *view)
{
    if (PyBytes_Check(object)) {
        view->start = (const octet *)PyBytes_AS_STRING(object);
        view->end = view->start + PyBytes_GET_SIZE(object);
        view->buffer.obj = NULL;
        return 0;
    }
    if (PyObject_GetBuffer(object, &view->buffer, PyBUF_SIMPLE) < 0) {
        return -1;
    }
    view->start = view->buffer.buf;
    view->end = view->start + view->buffer.len;
    return 0;
}

static inline void
view_close(View *view)
{
    if (view->buffer.obj != NULL) {
        PyBuffer_Release(&view->buffer);
    }
}

static inline int
is_crlf(const octet *at, const octet *end)
{
    return end - at >= 2 && at[0] == '\r' && at[1] == '\n';
}

static inline PyObject *
new_bytes(const octet *start, const octet *end)
{
    return PyBytes_FromStringAndSize((const char *)start, end - start);
}

/* Appends and gives the reference away; -1 with an exception set, also for an object of NULL. */
static inline int
append_owned(PyObject *list, PyObject *object)
{
    if (object == NULL) {
        return -1;
    }
    int failed = PyList_Append(list, object);
    Py_DECREF(object);
    return failed;
}

/* module.c: these check arguments, and set TypeError or ValueError if they return -1. */

/* A whole number; one that does not fit becomes the greatest or least that does. */
int read_number(PyObject *argument, const char *name, long long *number);

/* A whole number from 0 to `greatest`. */
int read_count(PyObject *argument, const char *name, long long greatest, long long *number);

/* A position inside a view, both ends included. */
int read_position(PyObject *argument, const View *view, const octet **position);

int check_list(PyObject *argument, const char *name);

int check_count(const char *function, Py_ssize_t given, Py_ssize_t expected);

/* mask.c */
int check_key(const View *key, int may_be_empty);
void mask_into(octet *target, const octet *source, Py_ssize_t size, const octet *key);

/* The functions Python sees; each is described where it is written. */
PyObject *scan_response_head(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *take_chunks(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *apply_mask(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *write_frame(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *read_frame_head(PyObject *module, PyObject *const *args, Py_ssize_t count);
PyObject *take_small_frames(PyObject *module, PyObject *const *args, Py_ssize_t count);

extern const char scan_response_head_doc[];
extern const char take_chunks_doc[];
extern const char apply_mask_doc[];
extern const char write_frame_doc[];
extern const char read_frame_head_doc[];
extern const char take_small_frames_doc[];

#endif
