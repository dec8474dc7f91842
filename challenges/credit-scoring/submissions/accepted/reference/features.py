"""From application rows to model inputs; the one place that training, prediction and service share."""

import pandas as pd

NUMBERS = [
    "years_in_job",
    "term_months",
    "monthly_expenses",
    "monthly_income",
    "assets_value",
    "existing_debt",
    "requested_amount",
    "financed_percent",
    "payment_incident",
]
DERIVED = ["surplus", "instalment", "burden", "price", "own_funds"]
LEVELS = ["age_band", "household", "housing", "employment"]
COLUMNS = [*NUMBERS, *LEVELS]
LEAST_SURPLUS = 5
"""A surplus is at least this much when something is divided by it."""


def build(rows: pd.DataFrame) -> pd.DataFrame:
    """Add what a loan officer would compute: what is left each month, and how much of it the loan takes."""
    out = rows[COLUMNS].copy()
    out["surplus"] = out["monthly_income"] - out["monthly_expenses"]
    out["instalment"] = out["requested_amount"] / out["term_months"]
    out["burden"] = (out["instalment"] / out["surplus"].clip(lower=LEAST_SURPLUS)).clip(upper=5)
    out["price"] = 100 * out["requested_amount"] / out["financed_percent"]
    out["own_funds"] = out["price"] - out["requested_amount"]
    return out
