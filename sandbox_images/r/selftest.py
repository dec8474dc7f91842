"""Run inside the image, hardened: does R fit a model, predict, and read and write tables?"""

import subprocess
import sys
from pathlib import Path

WORK = """
set.seed(1)
train <- data.frame(x = rnorm(400), z = rnorm(400))
train$y <- as.integer(train$x + train$z^2 + rnorm(400, sd = 0.5) > 0.8)
write.csv(train, "/tmp/train.csv", row.names = FALSE)
again <- read.csv("/tmp/train.csv")
model <- glm(y ~ x + I(z^2), family = binomial, data = again[1:300, ])
said <- predict(model, again[301:400, ], type = "response")
hits <- mean((said > 0.5) == (again$y[301:400] == 1))
stopifnot(hits > 0.8, all.equal(solve(matrix(c(2, 0, 0, 4), 2)) %*% c(2, 4), matrix(c(1, 1), 2)))
cat(R.version.string, "hits", hits, "\\n")
"""

Path("/tmp/work.R").write_text(WORK)
sys.exit(subprocess.run(["/usr/bin/env", "Rscript", "/tmp/work.R"], check=False).returncode)
