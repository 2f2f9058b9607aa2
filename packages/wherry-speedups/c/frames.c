/* WebSocket frames, RFC 6455 §5.2: reading heads and small whole frames, writing frames.
 *
 * What breaks a rule is left undecided: the caller judges it, and words the error.
 */

#include "speedups.h"

#include <stdint.h>

enum {
    FIN = 0x80,
    RSV1 = 0x40,
    RSV2_AND_RSV3 = 0x30,
    MASK = 0x80,
    CONTROL = 0x08,
    WHOLE_TEXT = 0x81,
    WHOLE_BINARY = 0x82,
};

/* An instance of a subclass of tuple, made as tuple.__new__() makes it: what a Python-level __new__
 * would do is passed by. Takes `fields` over, which may be NULL. */
static PyObject *
make_tuple(PyTypeObject *type, PyObject *fields)
{
    PyObject *arguments = fields == NULL ? NULL : PyTuple_Pack(1, fields);
    PyObject *made = arguments == NULL ? NULL : PyTuple_Type.tp_new(type, arguments, NULL);
    Py_XDECREF(arguments);
    Py_XDECREF(fields);
    return made;
}

static int
check_tuple_type(PyObject *argument)
{
    if (!PyType_Check(argument)
        || !PyType_IsSubtype((PyTypeObject *)argument, &PyTuple_Type)) {
        PyErr_Format(PyExc_TypeError, "expected a subclass of tuple, got %.100R", argument);
        return -1;
    }
    return 0;
}

typedef struct {
    int first;
    uint64_t length;
    const octet *key, *end; /* the key lies before the end if there is one */
} FrameHead;

/* Whether the first two octets keep the rules that they alone can break. */
static int
is_sound(int first, int second, int masked)
{
    int opcode = first & 0x0F;
    if (first & RSV2_AND_RSV3 || (opcode & 7) > 2 || !(second & MASK) != !masked) {
        return 0;
    }
    return !(opcode & CONTROL) || ((first & FIN) && !(first & RSV1) && (second & 0x7F) <= 125);
}

/* Whether a whole and sound head begins at `at`. */
static int
scan_frame_head(const octet *at, const octet *end, int masked, FrameHead *head)
{
    if (end - at < 2 || !is_sound(at[0], at[1], masked)) {
        return 0;
    }
    head->first = at[0];
    head->length = at[1] & 0x7F;
    at += 2;
    if (head->length > 125) {
        Py_ssize_t size = head->length == 126 ? 2 : 8;
        if (end - at < size) {
            return 0;
        }
        head->length = 0;
        while (size-- > 0) {
            head->length = head->length << 8 | *at++;
        }
        if (head->length >> 63) {
            return 0;
        }
    }
    head->key = at;
    head->end = masked ? at + 4 : at;
    return !masked || end - at >= 4;
}

static PyObject *
described(const FrameHead *head, const View *view)
{
    return Py_BuildValue("NNiKy#n", PyBool_FromLong(head->first & FIN),
                         PyBool_FromLong(head->first & RSV1), head->first & 0x0F,
                         (unsigned long long)head->length, (const char *)head->key,
                         (Py_ssize_t)(head->end - head->key),
                         (Py_ssize_t)(head->end - view->start));
}

const char read_frame_head_doc[] =
    "read_frame_head(data, start, masked, make, /)\n--\n\n"
    "The frame head at data[start:] as a `make`, a subclass of tuple with six fields.\n\n"
    "They are FIN, RSV1, opcode, payload length, masking key (empty unless masked), and the\n"
    "position after the head. None for a head that is incomplete or breaks a rule.";

PyObject *
read_frame_head(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    View view;
    FrameHead head;
    const octet *at;
    int masked;
    if (check_count("read_frame_head", count, 4) < 0 || (masked = PyObject_IsTrue(args[2])) < 0
        || check_tuple_type(args[3]) < 0 || view_open(args[0], &view) < 0) {
        return NULL;
    }
    PyObject *found = NULL;
    if (read_position(args[1], &view, &at) == 0) {
        if (scan_frame_head(at, view.end, masked, &head)) {
            found = make_tuple((PyTypeObject *)args[3], described(&head, &view));
        } else {
            Py_INCREF(Py_None);
            found = Py_None;
        }
    }
    view_close(&view);
    return found;
}

/* So that what a message costs does not overflow. */
#define MAX_OVERHEAD (1LL << 30)

/* What messages are made with. */
typedef struct {
    PyTypeObject *make;
    PyObject *text_type; /* or None: text is left to the caller */
    PyObject *binary_type;
    PyObject *extra; /* an empty str */
    PyObject *out;
    long long room, limit, overhead;
} Reading;

/* The message of a whole frame; NULL without an exception for one that is left to the caller. */
static PyObject *
message_of(const Reading *reading, int first, const octet *start, const octet *end)
{
    PyObject *type = reading->binary_type;
    PyObject *payload;
    if (first == WHOLE_TEXT && reading->text_type != Py_None) {
        type = reading->text_type;
        payload = PyUnicode_DecodeUTF8((const char *)start, end - start, NULL);
        if (payload == NULL && PyErr_ExceptionMatches(PyExc_UnicodeDecodeError)) {
            PyErr_Clear();
        }
    } else if (first == WHOLE_BINARY) {
        payload = new_bytes(start, end);
    } else {
        return NULL;
    }
    if (payload == NULL) {
        return NULL;
    }
    PyObject *fields = PyTuple_Pack(3, type, payload, reading->extra);
    Py_DECREF(payload);
    return make_tuple(reading->make, fields);
}

/* Takes whole small frames; the first octet not taken, or NULL with an exception set. */
static const octet *
take_frames(const octet *at, const octet *end, Reading *reading)
{
    while (end - at >= 2 && reading->room > 0) {
        const octet *start = at + 2;
        Py_ssize_t length = at[1];
        if (length == 126 && end - at >= 4) {
            length = at[2] << 8 | at[3];
            start = at + 4;
        } else if (length > 125) {
            break;
        }
        if (length > reading->limit || length > end - start) {
            break;
        }
        PyObject *message = message_of(reading, at[0], start, start + length);
        if (message == NULL) {
            return PyErr_Occurred() ? NULL : at;
        }
        if (append_owned(reading->out, message) < 0) {
            return NULL;
        }
        reading->room -= reading->overhead + length;
        at = start + length;
    }
    return at;
}

const char take_small_frames_doc[] =
    "take_small_frames(data, pos, out, room, limit, overhead, make, text_type, binary_type, /)\n"
    "--\n\n"
    "Append the messages of whole unmasked frames from data[pos:]; return where the rest starts.\n\n"
    "Taken are text and binary frames with FIN alone set, of at most `limit` bytes and a length\n"
    "in at most two. A message is a `make`, a subclass of tuple, of its type, its payload and an\n"
    "empty str; it costs its payload and `overhead`. Stops before anything else, before text\n"
    "that is not UTF-8 (before any text if `text_type` is None), and once `room` is used up.";

PyObject *
take_small_frames(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    View view;
    const octet *at;
    Reading reading;
    if (check_count("take_small_frames", count, 9) < 0 || check_list(args[2], "out") < 0
        || read_number(args[3], "room", &reading.room) < 0
        || read_number(args[4], "limit", &reading.limit) < 0
        || read_count(args[5], "overhead", MAX_OVERHEAD, &reading.overhead) < 0
        || check_tuple_type(args[6]) < 0 || view_open(args[0], &view) < 0) {
        return NULL;
    }
    PyObject *found = NULL;
    reading.out = args[2];
    reading.make = (PyTypeObject *)args[6];
    reading.text_type = args[7];
    reading.binary_type = args[8];
    reading.extra = PyUnicode_New(0, 0);
    if (reading.extra != NULL && read_position(args[1], &view, &at) == 0
        && (at = take_frames(at, view.end, &reading)) != NULL) {
        found = PyLong_FromSsize_t(at - view.start);
    }
    Py_XDECREF(reading.extra);
    view_close(&view);
    return found;
}

/* Writes the head of a frame; how many octets it took, at most 14. */
static Py_ssize_t
write_head(octet *target, int first, uint64_t size, const View *key)
{
    int mask = key->start < key->end ? MASK : 0;
    int bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
    octet *at = target;
    *at++ = (octet)first;
    *at++ = (octet)(mask | (bytes == 0 ? (int)size : bytes == 2 ? 126 : 127));
    while (bytes-- > 0) {
        *at++ = (octet)(size >> 8 * bytes);
    }
    if (mask) {
        memcpy(at, key->start, 4);
        at += 4;
    }
    return at - target;
}

static PyObject *
framed(int first, const View *payload, const View *key)
{
    octet head[14];
    Py_ssize_t size = payload->end - payload->start;
    Py_ssize_t head_size = write_head(head, first, (uint64_t)size, key);
    if (size > PY_SSIZE_T_MAX - head_size) {
        return PyErr_NoMemory();
    }
    PyObject *frame = PyBytes_FromStringAndSize(NULL, head_size + size);
    if (frame == NULL) {
        return NULL;
    }
    octet *target = (octet *)PyBytes_AS_STRING(frame);
    memcpy(target, head, (size_t)head_size);
    if (key->start < key->end) {
        mask_into(target + head_size, payload->start, size, key->start);
    } else if (size > 0) {
        memcpy(target + head_size, payload->start, (size_t)size);
    }
    return frame;
}

const char write_frame_doc[] =
    "write_frame(first, payload, key, /)\n--\n\n"
    "A whole frame, its length in the shortest form.\n\n"
    "`first` is its first byte; `key` masks the payload, which is not modified, unless empty.";

PyObject *
write_frame(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    View payload, key;
    long long first;
    if (check_count("write_frame", count, 3) < 0 || read_count(args[0], "first", 255, &first) < 0
        || view_open(args[1], &payload) < 0) {
        return NULL;
    }
    PyObject *frame = NULL;
    if (view_open(args[2], &key) == 0) {
        frame = check_key(&key, 1) < 0 ? NULL : framed((int)first, &payload, &key);
        view_close(&key);
    }
    view_close(&payload);
    return frame;
}
