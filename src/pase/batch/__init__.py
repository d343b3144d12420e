"""Many recordings at once: a study table, one skeleton for all trials of a subject, jobs on all processors."""
