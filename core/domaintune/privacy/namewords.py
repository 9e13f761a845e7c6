"""Words that tell names from what only looks like one. Written for this project from general knowledge."""

from __future__ import annotations

NOT_NAMES = frozenset(
    """
    a about above above-named absolutely according acute add address admission admits admitted advise advised
    african after afternoon again age agree agrees ah all allergies alright also always am american an and any
    anyone anything anyway apart appears appointment april are around as asian ask asked assessment association at
    attending attn august aunt author awesome bad based be because been before being best better birth both brother
    but by bye call called came can cannot cant care caucasian cc center centre chart chat check chief chinese
    chronic clinic clinical college comes comment common comparison complains complaint concerning confirmed
    congratulations consider consult consultant consultation continue continued copy could cousin currently dad
    daily date daughter day days dear december definitely denied denies department depending describe diagnoses
    diagnosis dictated did didnt discharge discussed do dob doctor doctors does doing done dont dr due during each
    either else email emergency encl end english er european evening every everyone everything exactly exam
    examination excellent except excuse family father fax february feel feeling feels felt female few findings fine
    first follow following for forgot former friday from full gender general get gets getting give given glad go god
    goes going gone gonna good got grandfather grandma grandmother grandpa great greetings group had has have having
    he hello help hence her here hers hey hi him his hispanic history hmm home hope hospital how however husband i
    id identified if ill im impression in indeed indian indication indications informed initial inpatient institute
    into is isnt it its ive january july june just kids kind kindly know laboratory labs last later left let lets
    like likely lives look looking looks lot lots madam made makes male man many march married may maybe me medical
    medication medications medicine meds mental might miss mom monday month more moreover morning most mother mr mrn
    mrs ms much must my name named near never new next nice night no nobody none nope nor not note nothing november
    now number nurse nurses objective obviously october of off office often oh ok okay old on once one only or other
    our out outpatient over page pain past patient patients per perfect perhaps phone physician plan please pm
    positive possible practitioner pregnant prescribed present presented pretty previous primary prior probably
    problem procedure procedures prof prognosis provider pt quick quite radiologist radiology re really reason
    received recent recently recommend recommended recommends regarding regards registered remains report reported
    reports resident results review reviewed reviewer right room said same saturday saw say saying says school
    secondary section see seems seen sent september service services several severe sex she should signature signed
    since single sir sister so some someone something sometimes son soon sorry specialist spouse staff stated states
    stating status still student subject subjective suggested summary sunday sure surgeon surgery take taken takes
    taking team technique tell test tests than thank thanks that thats the their them then therapist therapy there
    therefore theres these they theyre thing things think thinking thinks third this those though thought three
    thursday thus time to today together told tolerated tomorrow tonight too took total transcribed transferred
    treatment tuesday two uh um uncle under understood underwent unit university unknown unless until up upon us use
    used using usually very visit visited vitals wait want wanted wants ward was wasnt way we wednesday week welcome
    well went were weve what whats when where which while who whole whom whose why widow wife will wish with without
    woman wonderful work works would wow wrote yeah year years yep yes yesterday yet you your youre yours youve
    """.split()  # noqa: SIM905 (a list of a word a line would be 600 lines)
)
"""Small words, forms of address and headings: a capital makes no name of them."""

CLINICAL = frozenset(
    """
    abdomen abdominal ablation abnormal abscess acid allergy alzheimers anemia anesthesia anesthesiology aneurysm
    angina angiogram angiography ankle antibiotic antibiotics anxiety aorta aortic appendix arm arms arrest
    arrhythmia artery arthritis aspirin asthma atrial autism back biopsy birth bladder bleed bleeding blood body
    bone bowel brain breast breath breathing bronchitis bypass cancer carcinoma cardiac cardiologist cardiology
    cardiovascular cast cataract catheter cell cells cervical cesarean chemotherapy chest cholesterol cirrhosis clot
    colon colonoscopy congestion constipation copd coronary cough covid cramps cyst deceased dementia dental
    depression dermatology diabetes diabetic diarrhea diet disc disease disorder dizziness dizzy drug ear ears echo
    eczema edema effusion elbow electrolytes emphysema endocrinology endoscopy epilepsy eye eyes factor failure fall
    fatigue feet fever fibrillation finger fistula flu fluid foot fracture gallbladder gastric gastroenterology
    glaucoma gout graft gynecology hair hand hands headache headaches health healthy hearing heart heartburn
    hematology hemorrhage hepatitis hernia herpes hip hiv hormone hypertension hypotension hypothyroidism immune
    infarct infarction infection infections influenza injection injury insulin interventional intestinal itching
    joint ketones kidney kidneys knee laceration laparoscopic leg legs lesion leukemia liver lumbar lung lungs lupus
    lymph lymphadenopathy lymphoma malaria mass medicare melanoma meningitis menopause metformin migraine mitral
    murmur muscle mustard myocardial nasal nausea neck negative nerve neurology nodule none normal nose numbness ob
    obese obesity obgyn oncology ophthalmology oral orthopedic orthopedics osteoporosis ovarian oxygen pacemaker
    palpitations pancreas pancreatic pathology pediatric pediatrics pelvic penicillin pharmacy physical pituitary
    pleural pneumonia podiatry polyp polyps pregnancy pressure prostate psoriasis psychiatry psychology pulmonary
    rash rectal reflux rehab rehabilitation renal respiratory retina rheumatology rib scan scar schizophrenia
    sciatica scoliosis seizure seizures sepsis shortness shoulder sign sinus skin sleep smoker smoking sore spinal
    spine spleen stable steroid stomach stool stroke sugar suicide swelling syncope syndrome telemetry temperature
    tendon testing throat thyroid tia tongue tonsils tooth toxicology transplant trauma tuberculosis tumor type
    ulcer ultrasound unremarkable urinary urine urology uterine vaccine vaginal valve vascular vein virus vision
    vitamin vomiting weakness weight wound wrist xray
    """.split()  # noqa: SIM905 (a list of a word a line would be 600 lines)
)
"""Words of medicine that stand where a name might, `Mother: Breast Cancer`."""

COMMON = frozenset(
    """
    an april art august baker bell bill bishop black brown carter case chance chase church cook cross day dean do
    drew faith field fields fisher flowers forest frank gene glass grace grant gray green grey guy hall he heart her
    hill holly hope hunter ivy jack joy june king lane lee li little long love march mark max may melody mercy
    miller moon nick page pain park parker pat penny pierce pope porter potter price ray reed rich rob robin rock
    rod rose ruby rush sage sharp she short sky small so song stone strong sue summer sun swift temple trust van
    victor violet wade walker ward waters weaver west white will wise wood woods yang young
    """.split()  # noqa: SIM905 (a list of a word a line would be 600 lines)
)
"""Names that are also words: found alone, elsewhere in a text, they may be just that."""

EPONYMS = (
    r"(?:syndromes?|diseases?|disorders?|lymphomas?|signs?|catheters?|procedures?|drains?|thyroiditis|palsy|contract"
    r"ures?|fractures?|tests?|scores?|scales?|cysts?|stain(?:ing)?|esophagus|sarcomas?|tumou?rs?|node|nodes|anemia|c"
    r"riteria|class(?:ification)?|operations?|repair|lactate|solution|phenomenon|reaction|method|forceps|retractors?"
    r"|clamps?|nails?|maneuver|manoeuvre|reflex|sinus|duct|canal|gland|ligament|tubes?|stents?|filters?|grafts?|valv"
    r"es?|wires?|pins?|line|sutures?|position|index|equation|formula|units?|law|triad|area|cells?|bodies|body|deform"
    r"ity|cirrhosis|chorea|ataxia|dystrophy|encephalopathy|pancreatitis|ulcers?|hernia|wort|rosis|technique|splint|g"
    r"rade|stage|type|angina|pneumonia|spasm|arthroplasty|effect|virus|bacillus|bath)"
)
"""What follows a name that is the name of a disease, a sign or a tool."""

GIVEN = frozenset(
    """
    aaron abigail adam adrian ahmed alan albert alex alexander alexis ali alice alison amanda amber amy ana andrea
    andrew angela anita ann anna anne anthony antonio arthur ashley barbara benjamin betty beverly brandon brenda
    brian bruce bryan carl carlos carol caroline carolyn catherine charles charlotte cheryl chris christina
    christine christopher claire connie craig crystal cynthia daniel danielle david deborah debra dennis diana diane
    donald donna dorothy douglas edward elaine elena elizabeth ella emily emma eric erin ethan eugene eva evelyn
    fatima frances francis fred gary george gerald gloria gregory hannah harold harry heather helen henry howard ian
    irene isabella jacob jacqueline james jamie jane janet janice jason jean jeff jeffrey jennifer jeremy jerry
    jessica jesus jim joan joe joel john johnny jonathan jordan jorge jose joseph joshua joyce juan juanita judith
    judy julia julie justin karen katherine kathleen kathryn kathy keith kelly kenneth kevin kim kimberly kyle larry
    laura lauren lawrence leo leonard linda lisa logan louis louise lucas lucy luis luke margaret maria marie
    marilyn martha martin mary matthew megan melissa michael michelle miguel mike mildred mohamed mohammed monica
    nancy natalie nathan nicholas nicole noah olivia omar pamela patricia patrick paul paula peter philip phillip
    phyllis priya rachel rahul ralph raymond rebecca richard robert roger ronald rosa roy russell ruth ryan samantha
    samuel sandra sara sarah scott sean sharon shirley simon sofia sophia stephanie stephen steve steven susan
    tamara tammy teresa terry theresa thomas tiffany tim timothy tina todd tom tony tracy tyler valerie vanessa
    veronica victoria vincent virginia walter wayne wendy william yusuf zachary zoe
    """.split()  # noqa: SIM905 (a list of a word a line would be 600 lines)
)
"""Given names that are believed after `I am` and `Hi`, where any other word may stand, and before a surname."""

SURNAMES_ZH = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
    "钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
DOUBLE_ZH = "欧阳|司马|上官|诸葛|皇甫|尉迟|公孙|慕容|司徒|令狐|夏侯|端木"
NOT_GIVEN_ZH = frozenset(
    """
    一 上 上级 不 专科 中 为 主任 主治 了 些 任何 位 位主 体 何 便 先生 全 全科 内科 到 前 副
    医师 医生 名 后 向 和 在 外科 多 大 天 女士 好 家庭 小 属 师 常 常规 度 式 性 护士 效 时
    是 有 来 果 样 法 烧 热 状 生 用 由 疗 疮 疸 病 白 的 石 科 管 级 老 血压 血糖 血脂 要
    规 说 院 骨 黄 龄
    """.split()  # noqa: SIM905
)
"""What stands between a character that is also a surname and a title: 高血压医生, 马上."""
