"""The ways in which a detailed description is asked for; written for this project."""

from __future__ import annotations

DETAIL_QUESTIONS: tuple[str, ...] = (
    "Describe this picture in detail.",
    "What is there to see here? Tell me everything.",
    "Write a thorough description of the image.",
    "Take me through this picture, part by part.",
    "Can you give a full account of what the image shows?",
    "I cannot see the picture. Describe it so that I can imagine it.",
    "Explain carefully what is in this image and where.",
    "What does the picture look like? Leave nothing out.",
    "Put this image into words, as exactly as you can.",
    "Give a complete description of the scene.",
    "Look closely and report all that you notice.",
    "Describe the scene for somebody who has never seen it.",
    "What do you see? Go into detail.",
    "List and describe everything that appears in the picture.",
    "Tell me about this image at length.",
    "How would you describe this picture to a friend on the telephone?",
    "Write a paragraph about the contents of the image.",
    "Characterize the picture in a detailed way.",
    "What can be found in this image, and how is it arranged?",
    "Study the image and write down what it contains.",
    "Offer a detailed reading of what is pictured here.",
    "Give me a rich and exact description of this image.",
    "Say what the picture shows, from the whole to the details.",
    "Provide a careful description of every part of this picture.",
)
