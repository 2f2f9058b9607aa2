"""Where the C part is missing, its tests are skipped, or fail if it is required."""

import os

import pytest

import wherry_speedups


@pytest.fixture(scope="session")
def native() -> None:
    """Asked for by every test that calls a C function."""
    if wherry_speedups.IS_NATIVE:
        return
    if os.environ.get("WHERRY_REQUIRE_NATIVE") == "1":
        pytest.fail("WHERRY_REQUIRE_NATIVE=1, and wherry-speedups has no C part")
    pytest.skip("wherry-speedups was installed without a C compiler")
