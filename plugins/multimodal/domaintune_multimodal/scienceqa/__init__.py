"""ScienceQA (Lu et al. 2022): multiple-choice questions of school science, with lectures, explanations and pictures."""
