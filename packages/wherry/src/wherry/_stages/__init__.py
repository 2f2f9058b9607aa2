"""The stages of a call, from the inside out: send, retry, cookies, redirect.

Each is a decision one can test apart, and a short coroutine that carries it out.
"""
