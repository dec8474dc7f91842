"""Rates of default per bin, added up as log-odds, in one lazy query of polars."""

import polars as pl

BINS = [-1.2, -0.6, 0.0, 0.6, 1.2]
COLUMNS = ["debt", "age", "kind"]


def binned(name: str) -> pl.LazyFrame:
    """An input with a category for each column; a missing age is one too."""
    cuts = [pl.col(column).cut(BINS).cast(pl.String).fill_null("none") for column in ("debt", "age")]
    return pl.scan_csv(f"/in/{name}").with_columns(*cuts)


train, answer = binned("train.csv"), binned("test.csv")
overall = train.select(pl.col("defaulted").mean()).collect().item()
for column in COLUMNS:
    # Ten rows of the average are added to each bin, so that a small one does not claim to be sure.
    rate = (pl.col("defaulted").sum() + 10 * overall) / (pl.len() + 10)
    rates = train.group_by(column).agg((rate / (1 - rate)).log().alias(f"logit_{column}"))
    answer = answer.join(rates, on=column, how="left", maintain_order="left")
logit = pl.sum_horizontal(pl.col(f"logit_{column}").fill_null(0.0) for column in COLUMNS)
answer.select("id", (1 / (1 + (-logit).exp())).alias("probability")).collect().write_csv(
    "/out/predictions.csv"
)
