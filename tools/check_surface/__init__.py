"""Compares `wherry` with the client half of aiohttp, so that programs can be moved over.

Run as `python -m tools.check_surface`. The facts about names, parameters, defaults, base classes
and properties are data, in `surface.json`; where wherry differs on purpose stands in
`deviations.toml`, each line with its reason. A difference without a reason fails, and so does a
reason without a difference. It knows nothing of behaviour: the packages' tests look at that.
"""
