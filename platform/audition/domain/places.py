"""Where things are mounted inside containers: the same names for those who mount and those who read."""

from pathlib import PurePosixPath

ARCHIVE = PurePosixPath("/in/submission")
"""The received bytes; in the unpack container only."""
INPUTS = PurePosixPath("/in")
"""The public files that the challenge names as inputs."""
SUBMISSION = PurePosixPath("/submission")
"""The unpacked files."""
OUT = PurePosixPath("/out")
"""Where candidate code writes."""
EVIDENCE_FILE = PurePosixPath("/evidence/run.json")
MANIFEST_FILE = PurePosixPath("/evidence/manifest.json")
BASES_VARIABLE = "AUDITION_BASES"
"""Environment of the unpack container: what a FROM may name, to the name of our image, as a JSON object."""
GRADERS_VARIABLE = "AUDITION_GRADERS"
"""Environment of grader containers: names of the challenge's graders, which are loaded while a container waits."""
TOOLS_FILE = PurePosixPath("/evidence/tools.json")
"""What the linters said; absent when the challenge has no static stage."""
SERVICE_FILE = PurePosixPath("/evidence/service.json")
"""What a prober saw of the candidate's service; absent when none was served."""
DRIFT_FILE = PurePosixPath("/evidence/drift.json")
"""What the drift protocol recorded; absent when it did not run."""
TRAFFIC_FILE = PurePosixPath("/traffic/rows.json")
"""The rows of the drift protocol; in the prober's container of the drift stage only."""
CELLS_FILE = PurePosixPath("/evidence/cells.jsonl")
"""What the run of a notebook said of its cells; absent when a program predicted."""
NOTEBOOK_FILE = PurePosixPath("/evidence/notebook.ipynb")
"""The notebook with the outputs that its cells had; in the container that draws it and in the judge's."""
TEXTS_VARIABLE = "AUDITION_TEXTS"
"""Environment of the container that draws them: paths of the candidate's texts, as a JSON array."""
SOURCES_VARIABLE = "AUDITION_SOURCES"
"""Environment of the same container: paths of the candidate's code, likewise."""
KIT_FILE = PurePosixPath("/evidence/kit.zip")
"""What every candidate got; in the judge container only."""
CANARIES_FILE = PurePosixPath("/evidence/canaries.json")
"""Rows that one copy of the training data alone has; in the judge container only."""
EXERCISE_FILE = PurePosixPath("/evidence/exercise.json")
"""What came of the candidate's own commands; absent when none was tried."""
EXERCISE_OUTPUTS = PurePosixPath("/evidence/exercise")
"""Predictions that such commands left."""
GIVEN = PurePosixPath("/exercise")
"""What a command of the candidate is given to work with: a model, a table."""
WORKSPACE = PurePosixPath("/workspace")
"""Where the trusted container sees the workspace of a command; the command sees it at `SUBMISSION`."""
SEED_VARIABLE = "AUDITION_SEED"
"""Environment of the container that leads the exercises: the same for the same submission."""
REPEATED_OUT = PurePosixPath("/repeated")
"""Where the container that holds a run's volumes sees what the repeat stage wrote to its `/out`."""
REPEATED = PurePosixPath("/evidence/repeated")
"""The collected output files of the repeat stage; in the score container only."""
MODELS = PurePosixPath("/evidence/models")
"""What the challenge's own models predict, a file each; in the score container only."""
EXTRA_ROWS_FILE = PurePosixPath("/evidence/extra_rows.json")
"""Which rows of the repeat stage are extra ones; in the score container only."""
IMAGE_TASK_FILE = PurePosixPath("/evidence/image_task.json")
"""What is known of the image whose layers come on standard input."""
OUTPUTS = PurePosixPath("/evidence/outputs")
"""The collected output files."""
ANSWERS = PurePosixPath("/answers")
"""The private files; in the score container only."""
CHALLENGE = PurePosixPath("/challenge")
"""The author's folder; in the prepare container only."""
PUBLIC = PurePosixPath("/public")
PRIVATE = PurePosixPath("/private")
LEAK_FILE = PurePosixPath("/leak/table")
"""Where the programs of `audition.variants` find the table that leaked."""
