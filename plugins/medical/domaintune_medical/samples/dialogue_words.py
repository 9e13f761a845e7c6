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
# What begins these cannot wait for weeks: nobody describes a stroke that has been there "for quite a while".
SUDDENLY = ("for two hours", "since this morning", "since last night", "for three hours")
SUDDEN = frozenset({"Acute glaucoma", "Heart attack", "Pulmonary embolism", "Stroke"})
RECENTLY = ("since yesterday", "for two days", "since last night", "for three days")

EMERGENCIES = frozenset({
    "Acute glaucoma", "Acute pancreatitis", "Appendicitis", "Heart attack", "Malaria", "Meningitis", "Pulmonary embolism",
    "Stroke",
})  # fmt: skip
# Conditions that a doctor has to see on the same day, whatever their signs.
SAME_DAY = frozenset({"Cellulitis", "Deep vein thrombosis", "Kidney infection", "Pneumonia", "Type 1 diabetes"})
# Symptoms that make an emergency of any condition.
DANGER_SIGNS = frozenset({
    "Black stools", "Bloody diarrhoea", "Breath that smells of fruit", "Confusion", "Coughing up blood",
    "Crushing chest pain", "Drooping face", "Fainting", "Fear of dying", "Jaw pain", "Loss of consciousness",
    "Numbness on one side", "Pain in the left arm", "Rash that does not fade", "Seizures", "Sudden severe headache",
    "Sudden shortness of breath", "Swollen lips", "Trouble speaking", "Vomiting blood", "Weakness on one side",
})  # fmt: skip
# Where a sign comes slowly and belongs to the condition, it is no emergency.
ACCUSTOMED = {"Alzheimer's disease": frozenset({"Confusion"})}
# Symptoms that are mostly harmless and sometimes not.
CAUTION_SIGNS = frozenset({
    "Chest pain", "Chest pain on exertion", "Chest pain when breathing in", "Chest tightness", "Double vision",
    "Fast breathing", "Fast heartbeat", "Irregular heartbeat", "Leg weakness", "Shortness of breath", "Stiff neck",
    "Sudden fear", "Swelling of one leg", "Yellow skin",
})  # fmt: skip
CALL = "This may be an emergency: please call an ambulance now."
TODAY = "Please see a doctor today; this must not wait."
WORSE = "If it came suddenly or gets worse, call an ambulance."
WATCH = "For {s}, call an ambulance at once."
CRISIS = "If you think of harming yourself, please call the emergency number now; you are not alone with this."

# What is done besides medicines, or instead of them: conditions without medicines have to be here.
PROCEDURES = {
    "Acute glaucoma": "A laser then opens a way for the fluid.",
    "Appendicitis": "The appendix is mostly taken out the same day.",
    "Benign positional vertigo": "A series of guided head movements brings the crystals back; medicines do not.",
    "Carpal tunnel syndrome": "A splint at night comes first, and a small operation frees the nerve.",
    "Cataract": "No medicine clears it; an operation replaces the lens.",
    "Coeliac disease": "What heals is a strict diet without gluten.",
    "Gallstones": "Gallstones that hurt are treated by taking out the gallbladder.",
    "Heart attack": "Above all, the vessel is opened with a catheter.",
    "Kidney stones": "Large stones are broken by shock waves or taken out.",
    "Lung cancer": "Early tumours are operated on or irradiated.",
    "Sleep apnoea": "A mask that blows air through the night keeps the throat open; medicines hardly help.",
    "Stroke": "Nothing may be taken before a scan has shown whether a vessel is blocked or has burst.",
    "Varicose veins": "Stockings ease them, and heat or an operation closes the vein.",
}
# Medicines that are only given together, all of them.
TOGETHER = frozenset({"Tuberculosis"})
ALL_OF_THEM = "It is treated with {m} together, never with one of them alone."

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
CHECKS_NOW = ("In hospital they will do {t}.", "It is confirmed in hospital with {t}.")
CURES = (
    "If it is confirmed, doctors choose from {m}.",
    "Medicines that are used for it are {m}.",
    "Medicines such as {m} come into question.",
    "Common medicines for it are {m}.",
)
CURES_ONE = ("It is usually treated with {m}.", "If it is confirmed, {m} can help.")
CURES_NOW = ("There {m} may be given.", "Medicines that are given there are {m}.")
TESTS_ARE = (
    "To confirm {d} we usually need {t}.",
    "{D} {is} found by {t}.",
    "For {d}, the usual tests are {t}.",
)
TESTS_NOW = ("{D} {is} found in hospital by {t}.",)
MEDICINES_ARE = (
    "For {d}, the usual medicines are {m}.",
    "Doctors choose from {m} for {d}.",
    "Common medicines for {d} are {m}.",
)
MEDICINES_ONE = ("{D} {is} mostly treated with {m}.",)
MEDICINES_NOW = ("{D} {is} treated in hospital, where {m} may be given.",)
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
SOFT = frozenset((*SEE_AGAIN, *SEE))
SOON = ("Please come today and do not wait for the results.", "An appointment next week would be too late.")
AT_ONCE = (
    "Do not wait, and take nothing on your own.",
    "Do not wait for an appointment, and do not drive yourself.",
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
