"""Header names and methods, as `wherry.hdrs`; they are those of `wherry_codec.field_names`."""

from wherry_codec.field_names import *  # noqa: F403 - all of them, under the same names
