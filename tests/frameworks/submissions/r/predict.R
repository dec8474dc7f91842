# A logistic regression of base R: debt, a parabola of age, the kind, and whether the age is missing.

train <- read.csv("/in/train.csv", stringsAsFactors = TRUE)
test <- read.csv("/in/test.csv", stringsAsFactors = TRUE)

prepare <- function(table) {
  table$no_age <- is.na(table$age)
  table$age[table$no_age] <- 0
  table
}

model <- glm(defaulted ~ debt + age + I(age^2) + no_age + kind, family = binomial, data = prepare(train))
probability <- predict(model, prepare(test), type = "response")
predictions <- data.frame(id = test$id, probability = probability)
write.csv(predictions, "/out/predictions.csv", row.names = FALSE, quote = FALSE)
