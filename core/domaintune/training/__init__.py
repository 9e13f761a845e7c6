"""Training a LoRA adapter: trl's SFTTrainer, made to survive a kill at any moment."""
