"""Terms of the estimator's cost, one small class each."""
