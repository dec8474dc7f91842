"""How far six hours and a day lie below the median of the last week: a fault is long, and cold for this machine.

Only what was known at the time of a reading is looked at: a monitor has no future.
"""

import os
from pathlib import Path

import pandas as pd

INPUTS = Path(os.environ.get("AUDITION_IN", "/in"))
OUTPUTS = Path(os.environ.get("AUDITION_OUT", "/out"))
#: Readings come every five minutes.
HOUR = 12
DAY = 24 * HOUR


def alarms(temperature: pd.Series) -> pd.Series:
    """One number for each reading, higher where it is colder for longer than the week before it."""
    usual = temperature.rolling(7 * DAY, min_periods=1).median()
    recent = [temperature.rolling(hours * HOUR, min_periods=1).mean() for hours in (6, 24)]
    return 2 * usual - sum(recent)


def main() -> None:
    """The labelled days are the past of the first hidden reading."""
    train, test = (pd.read_csv(INPUTS / name) for name in ("train.csv", "test.csv"))
    both = pd.concat([train, test], ignore_index=True).sort_values("minute")
    alarm = alarms(both["temperature"]).loc[len(train) :]
    pd.DataFrame({"id": test["id"], "alarm": alarm.to_numpy()}).to_csv(
        OUTPUTS / "predictions.csv", index=False
    )


if __name__ == "__main__":
    main()
