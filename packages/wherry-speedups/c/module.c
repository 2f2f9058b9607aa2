/* The module `wherry_speedups._native`: its functions, and how they read their arguments. */

#include "speedups.h"

int
read_number(PyObject *argument, const char *name, long long *number)
{
    int overflow;
    if (!PyLong_Check(argument)) {
        PyErr_Format(PyExc_TypeError, "%s is an int, got %.100s", name, Py_TYPE(argument)->tp_name);
        return -1;
    }
    *number = PyLong_AsLongLongAndOverflow(argument, &overflow);
    if (overflow != 0) {
        *number = overflow > 0 ? PY_LLONG_MAX : PY_LLONG_MIN;
    }
    return 0;
}

int
read_count(PyObject *argument, const char *name, long long greatest, long long *number)
{
    if (read_number(argument, name, number) < 0) {
        return -1;
    }
    if (*number < 0 || *number > greatest) {
        PyErr_Format(PyExc_ValueError, "%s is between 0 and %lld, got %R", name, greatest, argument);
        return -1;
    }
    return 0;
}

int
read_position(PyObject *argument, const View *view, const octet **position)
{
    long long number;
    if (read_count(argument, "a position", view->end - view->start, &number) < 0) {
        return -1;
    }
    *position = view->start + number;
    return 0;
}

int
check_list(PyObject *argument, const char *name)
{
    if (!PyList_Check(argument)) {
        PyErr_Format(PyExc_TypeError, "%s is a list, got %.100s", name, Py_TYPE(argument)->tp_name);
        return -1;
    }
    return 0;
}

int
check_count(const char *function, Py_ssize_t given, Py_ssize_t expected)
{
    if (given != expected) {
        PyErr_Format(PyExc_TypeError, "%s() takes %zd arguments, got %zd", function, expected,
                     given);
        return -1;
    }
    return 0;
}

/* METH_FASTCALL functions have another type than PyCFunction. */
#define FUNCTION(name) {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, name##_doc}

static PyMethodDef functions[] = {
    FUNCTION(scan_response_head),
    FUNCTION(take_chunks),
    FUNCTION(apply_mask),
    FUNCTION(write_frame),
    FUNCTION(read_frame_head),
    FUNCTION(take_small_frames),
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "wherry_speedups._native",
    .m_doc = "C twins of functions of wherry-codec and wherry-websocket.",
    .m_size = 0,
    .m_methods = functions,
    .m_slots = slots,
};

PyMODINIT_FUNC
PyInit__native(void)
{
    return PyModuleDef_Init(&definition);
}
