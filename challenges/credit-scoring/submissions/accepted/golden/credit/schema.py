"""What a request has to look like; the same for everybody who calls, and part of the OpenAPI document."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MOST_ROWS = 5000
MOST_BYTES = 2 << 20
_STRICT = ConfigDict(strict=True, allow_inf_nan=False, extra="ignore")
Amount = Annotated[float, Field(ge=-1e9, le=1e9)] | None
"""null is an answer that the model was trained with: the customer did not say. What is a number and cannot be, such as
a term of 0 months, is scored as the nearest that can, and shows in the drift metrics."""
Level = Annotated[str, Field(max_length=64)] | None
"""A level that training has not seen is scored like a missing one, and shows in the drift metrics."""


class Application(BaseModel):
    """One loan application. Every column has to be there."""

    model_config = _STRICT

    years_in_job: Amount
    term_months: Amount
    monthly_expenses: Amount
    monthly_income: Amount
    assets_value: Amount
    existing_debt: Amount
    requested_amount: Amount
    financed_percent: Amount
    payment_incident: Amount
    age_band: Level
    household: Level
    housing: Level
    employment: Level


class Request(BaseModel):
    """Applications to score."""

    model_config = _STRICT

    rows: Annotated[list[Application], Field(min_length=1, max_length=MOST_ROWS)]


class Predictions(BaseModel):
    """A probability of default for each application, in their order."""

    predictions: list[float]


class Refusal(BaseModel):
    """Why a request was not answered; never what it held."""

    error: str
