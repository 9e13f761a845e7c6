"""What patients and doctors say in the sample dialogues: the frames that the grammar fills. All persons are invented."""

from __future__ import annotations

FIRST_NAMES = (
    "Laura", "Peter", "Anna", "Thomas", "Maria", "Daniel", "Susan", "Omar", "Helen", "James", "Nina", "Victor", "Ruth",
    "Carlos", "Emma", "Igor", "Fatima", "George", "Julia", "Henry",
)  # fmt: skip
LAST_NAMES = (
    "Bennett", "Okafor", "Lindgren", "Marsh", "Petrov", "Castillo", "Hughes", "Nakamura", "Weber", "Osei", "Fontaine",
    "Keller", "Novak", "Whitfield", "Duarte", "Sorensen", "Abbott", "Rahman", "Moretti", "Quinn",
)  # fmt: skip

DURATIONS = (
    "for two days", "for three days", "for about a week", "for ten days", "for some weeks", "since Monday",
    "since last weekend", "for a month now", "for quite a while", "since yesterday",
)  # fmt: skip
SHE_HAS = ("My mother has", "My wife has", "My sister has")
HE_HAS = ("My father has", "My husband has", "My brother has")
EMERGENCIES = frozenset(
    {
        "Heart attack",
        "Stroke",
        "Meningitis",
        "Pulmonary embolism",
        "Appendicitis",
        "Acute pancreatitis",
        "Acute glaucoma",
    }
)
CALL = "This may be an emergency: please call an ambulance now."
CRISIS = "If you think of harming yourself, please call the emergency number now; you are not alone with this."

ASKED_CAUSE = (
    "I have been troubled by {s} {t}. What could it be?",
    "Doctor, I have had {s} {t}. Do you know what is wrong with me?",
    "Hello doctor, {t} I have noticed {s}. Should I be worried?",
    "I am {age} years old and suffer from {s}. It has been going on {t}. What might be the cause?",
    "{T} I have been dealing with {s}. What do you think it is?",
    "{relative} had {s} {t}. Which illness could that be?",
    "Hi, my problem is {s}, and it does not go away. It has been like this {t}. What should I do?",
    "Can you help me? I have {s} {t} and do not know where it comes from.",
)
ASKED_TESTS = (
    "I was told that I may have {d}. Which tests will be done?",
    "My doctor suspects {d}. How can one be sure?",
    "What examinations do I need if it could be {d}?",
    "Doctor, how will you find out whether I have {d}?",
)
ASKED_MEDICINES = (
    "I was diagnosed with {d}. Which medicines are usual?",
    "What do people normally take for {d}?",
    "Doctor, I have {d}. What will you prescribe?",
    "{relative} just been told it is {d}. How is it treated?",
)
HINTS = (
    "What you describe fits {d}.",
    "These complaints make me think of {d}.",
    "It sounds like {d}.",
    "The likeliest explanation is {d}.",
    "Taken together, this suggests {d}.",
    "I suspect {d}.",
)
CHECKS = (
    "To be sure, we should do the following: {t}.",
    "I would like to confirm it with {t}.",
    "The next step is {t}.",
    "Useful tests are {t}.",
)
CURES = (
    "If it is confirmed, {m} can help.",
    "It is usually treated with {m}.",
    "Treatment often means {m}.",
    "Common medicines for it are {m}.",
)
TESTS_ARE = (
    "To confirm {d} we usually need {t}.",
    "{D} is found by {t}.",
    "For {d}, the usual tests are {t}.",
)
MEDICINES_ARE = (
    "For {d}, the usual medicines are {m}.",
    "{D} is mostly treated with {m}.",
    "Common medicines for {d} are {m}.",
)
SEE_AGAIN = (
    "Please have it looked at in the practice.",
    "Please come in if it gets worse.",
    "I will explain the results to you.",
)
SEE = (
    "Your own doctor should choose the dose.",
    "An examination is needed before anything is prescribed.",
    "Please come in if it gets worse.",
)
OPENINGS = (
    "Hello, thank you for your question. ",
    "Hi dear, welcome to Chat Doctor. ",
    "Hello, thanks for asking on Chat Doctor. I have gone through your query. ",
    "Good morning, I am Dr. {last}. ",
    "Hi {first}, I understand your concern. ",
    "Hello! ",
)
CLOSINGS = (
    " Hope this helps.",
    " Hope I have answered your question. Take care. Regards, Dr. {other}",
    " Please feel free to ask if you have any further questions.",
    " Wishing you a speedy recovery. Dr. {other}",
    " Let me know if you have any more questions. Best wishes, Dr. {first} {other}",
    " Take care and get well soon!",
)
IDENTITIES = (
    "My name is {first} {last}. ",
    "This is {first} {last}, born on {date}. ",
    "I am {first} {last}, patient number {number}. ",
)
CONTACTS = (
    " You can reach me at 555-01{two}.",
    " Please call me back on (555) 555-01{two}.",
    " My e-mail is {lower}{two}@example.org.",
)
LENGTHS = ("How long has this been going on?", "When did it start?", "How long have you had this?")
MORE = ("Have you noticed anything else?", "Is there anything else?", "Are there other complaints?")
THANKS = ("Thank you, doctor.", "All right, thank you.", "Okay, I will do that.")
