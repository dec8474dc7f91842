"""Our measures of anonymity beside those of other libraries; no part of the suite: `python -m tests.oracles FOLDER`."""
