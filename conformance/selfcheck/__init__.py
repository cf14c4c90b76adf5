"""Who judges the judge: a good router, odd but legal ones, and one broken router per defect."""
