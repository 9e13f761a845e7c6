"""Examples of what a teacher replies: captions, boxes and the reply, written for this project about invented pictures."""

from __future__ import annotations

MARKET = (
    "A woman in a green apron sells oranges at an open stall.\n"
    "Crates of oranges and lemons at a street market.\n"
    "A market stall with fruit under a striped awning.\n"
    "A customer holds a paper bag while a woman weighs fruit.\n"
    "Two women stand at a fruit stand with a scale.",
    "person: [0.118, 0.21, 0.331, 0.83]\nperson: [0.604, 0.187, 0.842, 0.912]\norange: [0.334, 0.602, 0.401, 0.668]\n"
    "orange: [0.402, 0.61, 0.469, 0.671]\nhandbag: [0.771, 0.512, 0.866, 0.701]",
)
FERRY = (
    "A small ferry crosses a bay with a few cars on its deck.\n"
    "A white and blue boat carries three cars over calm water.\n"
    "A car ferry on the water in front of wooded hills.\n"
    "A ferry with cars and a man leaning on the railing.\n"
    "Seagulls fly behind a ferry on a grey day.",
    "boat: [0.142, 0.398, 0.871, 0.744]\ncar: [0.311, 0.482, 0.43, 0.561]\ncar: [0.442, 0.487, 0.553, 0.566]\n"
    "car: [0.562, 0.491, 0.669, 0.568]\nperson: [0.716, 0.455, 0.751, 0.571]\nbird: [0.061, 0.213, 0.092, 0.241]\n"
    "bird: [0.117, 0.262, 0.149, 0.288]",
)
KITCHEN = (
    "A boy stands on a stool and stirs a pot.\n"
    "A child cooks at a stove while a man watches.\n"
    "A man and a boy in a kitchen with a big steel pot.\n"
    "Someone's father looks on as his son stirs soup.\n"
    "A kitchen in which a child on a wooden stool holds a spoon.",
    "person: [0.382, 0.174, 0.561, 0.792]\nperson: [0.611, 0.058, 0.872, 0.964]\noven: [0.081, 0.502, 0.398, 0.987]\n"
    "spoon: [0.321, 0.373, 0.392, 0.47]\nchair: [0.402, 0.741, 0.549, 0.989]",
)
PLATFORM = (
    "People with umbrellas wait on a railway platform.\n"
    "A train comes into a station in the rain.\n"
    "Several passengers under umbrellas beside a wet track.\n"
    "A red train arrives while travellers wait with luggage.\n"
    "A rainy station with a man who sits on his suitcase.",
    "train: [0.003, 0.231, 0.474, 0.702]\numbrella: [0.538, 0.288, 0.671, 0.391]\numbrella: [0.694, 0.271, "
    "0.83, 0.388]\n"
    "person: [0.561, 0.362, 0.647, 0.798]\nperson: [0.722, 0.354, 0.812, 0.821]\nperson: [0.861, 0.502, 0.964, "
    "0.843]\n"
    "suitcase: [0.867, 0.693, 0.957, 0.862]",
)
DESK = (
    "A cat lies across the keyboard of a laptop.\n"
    "A grey cat asleep on an open computer.\n"
    "A desk with a cat, a lamp and a cup of coffee.\n"
    "The cat covers half of the keyboard.\n"
    "A cat rests on a laptop beside a full cup.",
    "laptop: [0.247, 0.281, 0.713, 0.842]\ncat: [0.282, 0.541, 0.724, 0.831]\ncup: [0.741, 0.612, 0.822, 0.757]",
)

CONVERSATIONS = (
    (
        *MARKET,
        "Q: What is sold at the stall?\n"
        "A: Oranges and lemons are sold there; they lie in crates.\n"
        "Q: How many people stand at the stall?\n"
        "A: Two women stand there, the one who sells and a customer.\n"
        "Q: What does the woman in the green apron do?\n"
        "A: She weighs fruit for her customer.\n"
        "Q: Why do street markets have awnings?\n"
        "A: An awning keeps sun and rain off the goods and the people. Fruit spoils faster in the sun, because "
        "warmth lets it "
        "ripen and dry out, and rain would wet the paper bags and the scale. A striped cloth is also seen from afar.",
    ),
    (
        *FERRY,
        "Q: What does the ferry carry?\n"
        "A: It carries three cars on its deck.\n"
        "Q: Which colours does the ferry have?\n"
        "A: The ferry is white and blue.\n"
        "Q: What is behind the water?\n"
        "A: Wooded hills rise behind the water.\n"
        "Q: What is the man on board doing?\n"
        "A: He leans on the railing.",
    ),
)
DESCRIPTIONS = (
    (
        *FERRY,
        "A small white and blue ferry crosses a calm bay on a grey day, and it fills most of the width of the "
        "view. Three cars "
        "stand in a row on its deck, close behind one another, and to the right of them a man leans on the "
        "railing.\n\n"
        "At the upper left two seagulls follow the boat. Wooded hills close off the scene in the distance, and "
        "nothing else "
        "is on the water.",
    ),
    (
        *PLATFORM,
        "It rains on a railway station. A red train comes in from the left and takes up almost half of the "
        "scene. On the "
        "platform to the right of it travellers are waiting beside the wet track.\n\n"
        "Two of them stand under open umbrellas, one near the middle and one further right. At the far right a "
        "man has sat "
        "down on his suitcase. Everybody keeps some distance from the edge as the train arrives.",
    ),
    (
        *KITCHEN,
        "A boy and a man are in a kitchen together. The boy stands on a wooden stool in the middle, so that he "
        "reaches the "
        "stove to his left, and stirs a big steel pot with a spoon. The stove fills the lower left corner.\n\n"
        "The man, most likely his father, stands close by on the right. He is a good deal taller than the child, "
        "even though the stool lifts the boy up, and watches how the soup is stirred.",
    ),
)
REASONINGS = (
    (
        *KITCHEN,
        "Q: What keeps this activity from being dangerous?\n"
        "A: A hot stove and a heavy pot are a risk for a child, who might burn himself or fall. Here two things "
        "make it safer. "
        "The boy stands on a stool, so that he looks into the pot from above and need not reach up to something "
        "hot that he "
        "could pull down on himself. And a grown man stays right beside him and watches, close enough to take "
        "the spoon or "
        "hold him if he slips. Under such care a child can learn to cook.",
    ),
    (
        *PLATFORM,
        "Q: What should these travellers take care of in the next minutes?\n"
        "A: A train is just coming in, so first of all they should keep back from the edge until it stands "
        "still. The "
        "platform is wet from the rain, and wet stone is slippery, above all for people who hurry with luggage. "
        "Whoever "
        "holds an umbrella sees less to the sides and might push others with it, so umbrellas are best closed before "
        "the doors open. The man who rests on his suitcase has to get up in time to board.",
    ),
    (
        *DESK,
        "Q: What problems may the owner of this desk have today?\n"
        "A: Work will have to wait, for the cat has chosen the keyboard as its bed, and typing is not possible "
        "without waking "
        "it. With its weight on the keys it may also write nonsense, close a window or send something "
        "unfinished. Warm "
        "air leaves many computers through the keyboard, so that the machine may grow hot under the fur. And "
        "right beside "
        "the cat stands a full cup: one stretch of a paw could pour coffee over the computer.",
    ),
)
