"""Words that tell names from what only looks like one. Written for this project from general knowledge."""

from __future__ import annotations

NOT_NAMES = frozenset(
    """
    a about above above-named absolutely according acute add address admission admits admitted advise advised
    african after afternoon again age agree agrees ah all allergies alright also always am american an and any
    anyone anything anyway apart appears appointment april are around as asian ask asked assessment association
    at attending attn august aunt author awesome bad based be because been before being best better birth both
    brother but by bye call called came can cannot cant care caucasian cc center centre chart chat check chief
    chinese chronic clinic clinical college column comes comment common comparison complains complaint
    concerning confirmed congratulations consider consult consultant consultation continue continued copy could
    count cousin currently dad daily date daughter day days dear december definitely denied denies department
    depending describe diagnoses diagnosis dictated did didnt discharge discussed do dob doctor doctors does
    doing done dont dosage dose dr due during each either else email emergency encl end english er european
    evening every everyone everything exactly exam examination excellent except excuse exposure family father
    fax february feel feeling feels felt female few findings fine first follow following for forgot former
    frequency friday from full gender general generic get gets getting give given glad go god goes going gone
    gonna good got grandfather grandma grandmother grandpa great greetings group had has have having he header
    hello help hence her here hers hey hi him his hispanic history hmm home hope hospital how however husband i
    id identified if ill im impression in indeed indian indication indications informed initial inpatient
    institute into is isnt it item its ive january july june just key kids kind kindly know known lab laboratory
    labs last later left let lets level like likely lives look looking looks lot lots madam made makes male man
    many march married may maybe me medical medication medications medicine meds mental might miss mom monday
    month more moreover morning most mother mr mrn mrs ms much must my name named near never new next nice night
    no nobody none nope nor not notable note nothing november now number nurse nurses objective obviously
    october of off office often oh ok okay old on once one only or order orders other our out outpatient over
    page pain past patient patients per perfect perhaps phone physician plan please pm positive possible
    practitioner pregnant prescribed present presented pretty previous primary prior probably problem procedure
    procedures prof prognosis provider pt quantity quick quite radiologist radiology range re really reason
    received recent recently recommend recommended recommends regarding regards registered relation relationship
    remains removal report reported reports resident results review reviewed reviewer right role room route said
    same saturday saw say saying says school score secondary section see seems seen sent september service
    services several severe sex she should signature signed since single sir sister so some someone something
    sometimes son soon sorry specialist spouse staff state stated states stating status still strength student
    subject subjective suggested summary sunday sure surgeon surgery take taken takes taking team technique tell
    test tests than thank thanks that thats the their them then therapist therapy there therefore theres these
    they theyre thing things think thinking thinks third this those though thought three thursday thus time
    title to today together told tolerated tomorrow tonight too took total transcribed transferred treatment
    tuesday two uh um uncle under understood underwent unit units university unknown unless until up upon us use
    used using usually value values very visit visited vitals wait want wanted wants ward was wasnt way we
    wednesday week welcome well went were weve what whats when where which while who whole whom whose why widow
    wife will wish with without woman wonderful work works would wow wrote yeah year years yep yes yesterday yet
    you your youre yours youve
    """.split()  # noqa: SIM905 (a list of a word a line would be 600 lines)
)
"""Small words, forms of address and headings: a capital makes no name of them."""

CLINICAL = frozenset(
    """
    abdomen abdominal abilify ablation abnormal abscess acid advair advil albuterol allegra allergy alzheimers
    ambien ambulance anemia anesthesia anesthesiology aneurysm angina angiogram angiography ankle antibiotic
    antibiotics anxiety aorta aortic apgar apgars appendix arabic arm arms arrest arrhythmia artery arthritis
    aspirin asthma ataxia ativan atrial augmentin autism back bactrim benadryl biopsy birth bladder bleed
    bleeding blood body bone bowel bp brain breast breath breathing bronchitis bypass cancer cantonese carcinoma
    cardiac cardiologist cardiology cardiovascular cast cataract catheter celebrex cell cells cervical cesarean
    chemotherapy chest cholesterol cipro cirrhosis ck clot colon colonoscopy congestion constipation copd
    coronary cough coumadin covid covid-19 cpt cramps crestor cyst deceased dementia dental depakote depression
    dermatology diabetes diabetic diarrhea diet disc disease disorder dispatch dizziness dizzy drug dx ear ears
    echo ecog eczema edema effusion elbow electrolytes eliquis emphysema ems enbrel endocrinology endoscopy
    epilepsy epinephrine eye eyes factor failure fall fatigue feet fellow fever fibrillation finger fistula
    flonase flu fluid foot fracture french gad-7 gallbladder gastric gastroenterology gcs german glaucoma gout
    grade graft gravida gynecology hair haitian haldol hand hands headache headaches health healthy hearing
    heart heartburn hematology hemorrhage heparin hepatitis hernia herpes hip hiv hormone hospice hospitalist hr
    humalog humira hx hypertension hypotension hypothyroidism ibuprofen icd-10 immune infarct infarction
    infection infections influenza injection injury inr insulin intern interventional intestinal italian itching
    iup januvia japanese jardiance joint keflex keppra ketones kidney kidneys klonopin knee korean kps
    laceration lantus laparoscopic lasix leg legs lesion leukemia levaquin lexapro lipitor liver loinc lovenox
    lumbar lung lungs lupus lymph lymphadenopathy lymphoma lyrica malaria mandarin mass medicare melanoma
    meningitis menopause metformin migraine mitral mmse moca motrin murmur muscle mustard myocardial nasal
    nausea neck negative nerve neurology neurontin nexium nitrate nodule none nonsmoker norco normal norvasc
    nose numbness nyha ob obese obesity obgyn oncology ophthalmology oral orthopedic orthopedics osteoporosis
    ovarian oxygen ozempic pacemaker palpitations pancreas pancreatic paramedic paramedics pathology pediatric
    pediatrics pelvic penicillin percocet pharmacy phq-9 physical pituitary plavix pleural pneumonia podiatry
    police polyp polyps portuguese pregnancy preparation pressure prostate prozac psoriasis psychiatry
    psychology pulmonary rash rectal reflux rehab rehabilitation renal respiratory retina rheumatology rib
    rocephin rr russian scan scar schizophrenia sciatica scoliosis seizure seizures sepsis seroquel shortness
    shoulder sign singulair sinus skin sleep smoker smoking sore spanish spinal spine spiriva spleen spo2 stable
    stage steroid stomach stool stroke sugar suicide sulfadiazine swelling symbicort syncope syndrome synthroid
    telemetry temperature tendon testing throat thyroid tia tmp-smx tongue tonsils tooth topical toprol
    toxicology transplant trauma troponin tuberculosis tumor tylenol type ulcer ultrasound unremarkable urgent
    urinary urine urology uterine vaccine vaginal valium valley valve vancomycin vascular vein ventolin vicodin
    vietnamese virus vision vitamin vomiting wbc weakness weight wound wrist xanax xray zithromax zofran zoloft
    zyprexa zyrtec
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
    r"ures?|fractures?|tests?|scores?|scales?|cysts?|stain(?:ing)?|esophagus|sarcomas?|tumou?rs?|node|nodes|nodules?|anemia|c"
    r"riteria|class(?:ification)?|operations?|repair|lactate|solution|phenomenon|reaction|method|forceps|retractors?"
    r"|clamps?|nails?|maneuver|manoeuvre|reflex|sinus|duct|canal|gland|ligament|tubes?|stents?|filters?|grafts?|valv"
    r"es?|wires?|pins?|line|sutures?|position|index|equation|formula|units?|law|triad|area|cells?|bodies|body|deform"
    r"ity|cirrhosis|chorea|ataxia|dystrophy|encephalopathy|pancreatitis|ulcers?|hernia|wort|rosis|technique|splint|g"
    r"rade|stage|type|angina|pneumonia|spasm|arthroplasty|effect|virus|bacillus|bath)"
)
"""What follows a name that is the name of a disease, a sign or a tool."""

GIVEN = frozenset(
    """
    aaron abigail adam adele adrian agnes ahmed aisha akira alan albert alejandra alejandro aleksandr alessandro
    alex alexander alexis alfred ali alice alicia alina alison alvaro alvin amanda amara amber amelia amina amir
    amit amrita amy ana ananya anastasia anders andre andrea andrew angela angelica angelo anil anita anjali ann
    anna anne annette annika anthony antoine antonio anya aoife apinya arjun arnav arthur ashley astrid audrey
    ava ayesha ayumi barbara beatrice beatriz becky ben benedict benjamin bernadette bernard betty beverly
    bianca birgit bjorn björn bob bobby boris bradley brandon brenda brendan brett brian brigitte bronwyn brooke
    bruce bryan caitlin calvin camila candace carl carlos carmen carol caroline carolyn catalina catherine cathy
    cecil cecilia chad charlene charles charlotte cheryl chiara chidi chinedu chioma chloe chris christina
    christine christopher ciara cindy claire clara clarence claudia clifford colleen connie consuelo corey
    courtney craig crystal curtis cynthia dalia dan daniel daniela danielle danilo darius darlene darnell darren
    dave david dawn debbie deborah debra deepak deepika dennis deshawn desmond diana diane diego dimitri dmitri
    dolores dominique donald donna doreen doris dorothy doug douglas duane ebony edgar edith eduardo edward
    edwin efua eileen ekaterina elaine eleanor elena elijah elise elizabeth ella elmer eloise elsie emeka emilio
    emily emma emmanuel enrique eric erica erik erin ernest ernesto esperanza estelle esther ethan ethel etienne
    eugene eva evelyn fabio faith farah fatima fatou fatoumata felicia felipe fernanda fernando florence floyd
    frances francesca francis francisco frank franz fred freya gabriel gabriela gabrielle gary geoffrey george
    gerald gerard gertrude gilbert gina giovanni giulia gladys glenn gloria gonzalo gordon grace greg gregory
    greta guadalupe guillermo gunnar gustavo gwendolyn habib hamza hannah harold harry haruto hassan heather
    heidi heinrich helen henrik henry herbert herman hilda hiroshi howard hubert hyun hyun-woo ian ibrahim ida
    ifeoma ignacio igor imani imogen ingrid irene iris irma irving isabel isabella ivan jackie jacob jacqueline
    jake jamal james jamie jamila jane janelle janet janice jared jasmin jasmine jason javier jean jean-luc
    jeanette jeanne jeff jeffrey jenna jennifer jenny jeremy jerome jerry jessica jesus jill jim joan joao jodi
    joe joel johan johanna john johnny jonathan jordan jorge jose joseph josephine josh joshua josé joyce juan
    juanita judith judy julia juliana julie juliet justin jürgen kamala karen karim karina karthik katarina
    katherine kathleen kathryn kathy katie katya kavita kayla keiko keisha keith kelly kelsey ken kendra kenji
    kenneth kevin khadija khalid kim kimberly kofi krishna kristen kristin kristina kumiko kurt kwame kyle
    lakshmi larry latisha latoya laura lauren lawrence layla leah leila leo leonard leroy leslie lester leticia
    liam lila lillian linda lisa logan lois lorenzo lori lorna lorraine louis louise lourdes luca lucas lucia
    luciana lucy ludmila luigi luis luke lydia mabel madeline magdalena mahmoud malcolm malik manuel marcia
    marco marcus margaret maria mariam marian mariana marie marilyn marion marisol marjorie mark marlene marsha
    marta martha martin marvin mary mary-ann mateo matt matteo matthew maureen maurice maxine meera megan mehmet
    mei melissa meredith michael michelle miguel mike mildred milos milton miriam mirjam mohamad mohamed
    mohammad mohammed mohan molly monica muhammad muriel mustafa myrtle nadia nancy naomi natalia natalie
    natasha nate nathan nathaniel neha neil ngozi nguyet nicholas nicole nigel nikhil nikolai nina noah nora
    norman oleg olga olivia omar oscar osman owen pablo padma pam pamela patricia patrick patty paul paula
    pauline pedro peggy peter petra philip phillip phyllis pierre pilar pooja pradeep prakash preeti priscilla
    priya rachel rafael rahul rajesh ralph ramesh ramon ranjit raul ravi raymond rebecca reza rhonda ricardo
    richard rita robert roberto rodney rodrigo roger rohan rohit roland ronald rosa rosalie rosalind rosemary
    roxanne roy ruby rupert russell ruth ryan sabrina sadia sally salma sam samantha samir sammy samuel sandra
    sanjay santiago saoirse sara sarah satoshi scott sean sergei sergio shane shanice shannon shanthi sharon
    sheila sherry shirley shreya siddharth sidney sigrid silvia simon siobhan sofia sofía sonia sophia sophie
    soren spencer stacy stefan stella stephanie stephen steve steven stuart suresh susan susie sven svetlana
    swati sylvia tabitha takeshi tamara tamika tammy tanya tara tariq tatiana tatyana teresa terry thabo thelma
    theodore theresa thomas thuy tiffany tim timothy tina toby todd tom tomas tony tonya tracey tracy travis
    trevor trish trudy tuan tunde tyler tyrone uchenna ursula usha valentina valerie vanessa veronica vicente
    vicki vickie victoria vijay vikram viktor vincent virginia vivian vladimir walter wanda wanjiru wayne wei
    wendy wesley wilbur william winifred wolfgang xavier ximena xiomara yasmin yasmine yolanda yosef youssef
    yuki yuko yuri yusuf yvette yvonne zachary zainab zeynep zoe zoltan zoë zuzana
    """.split()  # noqa: SIM905 (a list of a word a line would be 600 lines)
)
"""Given names that are believed after `I am` and `Hi`, where any other word may stand, and before a surname."""

GIVEN_OR_WORD = frozenset(["april", "gene", "hope", "joy", "june", "rose", "will"])
"""Given names that are believed only where a name is due and a surname follows."""

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

GIVEN_ZH = (
    "小伟芳娜敏静丽强磊军洋勇艳杰娟涛超辉建国志桂兰雨桐子涵浩然晓东玉梅文博思琪海燕秀英华刚霞鹏飞宇欣怡婷鑫俊峰斌莉娥凤珍萍琴芬"
    "玲淑慧美惠莲菊宝福祥翔嘉佳琳倩雪瑞颖波健康宏永春建荣德胜明红云平亮帆凯旭晨阳龙虎豪睿轩诗梦瑶璐蕾媛洁丹蓉妍彤"
)
"""Characters that are usual in given names."""
