"""The ids of the checks."""

CONSTANT = "model.signs.constant"
ORDER = "model.signs.order"
SINGLE = "model.signs.single-column"
TOO_GOOD = "model.signs.too-good"
FINGERPRINT = "model.signs.fingerprint"
