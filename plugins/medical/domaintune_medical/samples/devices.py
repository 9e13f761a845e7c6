"""Tubes, lines, implants and what surgery leaves behind."""

from __future__ import annotations

from .vocabulary import Entity

ICU = ("Intubated.", "respiratory failure", "Check tube placement.", "Evaluate support devices.")
LINE = ("Line placement.", "Check line placement.", "fever", "sepsis", "chemotherapy")
TIP = "lower SVC|mid SVC|cavoatrial junction|upper SVC"
OVER = "[projecting over|overlying|in|at]"

DEVICE_ENTITIES: tuple[Entity, ...] = (
    Entity(
        name="sternotomy",
        region="devices",
        blocks="bones",
        findings=(
            "many: [median |]sternotomy wires and mediastinal clips[| from prior CABG]",
            "many: postsurgical changes of [median sternotomy and |]CABG",
            "[median |]sternotomy wires are intact, with [mediastinal|CABG] clips.",
        ),
        impressions=(
            "postsurgical changes of CABG",
            "prior median sternotomy and CABG",
            "postsurgical changes of median sternotomy",
        ),
        why=("coronary artery disease", "Status post CABG.", "chest pain"),
        partners=(
            "cardiomegaly",
            "cardiomegaly",
            "small effusion",
            "bibasilar atelectasis",
            "pacemaker",
        ),
        group="surgery",
        rank=5,
        weight=4,
    ),
    Entity(
        name="valve prosthesis",
        region="devices",
        blocks="bones",
        slots={"valve": "aortic|mitral"},
        findings=(
            "many: sternotomy wires and a prosthetic {valve} valve",
            "one: a prosthetic {valve} valve with intact sternotomy wires",
            "the patient is status post median sternotomy and {valve} valve replacement.",
        ),
        impressions=(
            "prior {valve} valve replacement",
            "postsurgical changes of {valve} valve replacement",
        ),
        why=("valve replacement", "dyspnea on exertion", "endocarditis"),
        partners=("cardiomegaly", "congestion", "pacemaker", "bilateral effusions"),
        group="surgery",
        rank=5,
    ),
    Entity(
        name="lobectomy",
        region="lungs",
        blocks="volumes clear hila diaphragm {side}",
        slots={"lobe": "right upper lobe|left upper lobe|left lower lobe"},
        changes="stable",
        findings=(
            "many: {change} postsurgical changes of {lobectomy} with [volume loss|surgical clips]",
            "one: [postoperative |]volume loss in the {side} hemithorax from prior {lobectomy}",
            "one: a suture line and volume loss on the {side}, compatible with {lobectomy}",
        ),
        impressions=(
            "{change} postsurgical changes of {lobectomy}",
            "{change} postoperative changes of prior {lobectomy}",
        ),
        why=("lung cancer", "Lung cancer surveillance.", "Postoperative follow-up."),
        partners=("emphysema", "small effusion"),
        group="nodule",
        rank=4,
    ),
    Entity(
        name="pacemaker",
        region="devices",
        slots={"side": "left|left|left|right", "device": "pacemaker|pacemaker|ICD"},
        findings=(
            f"one: a {{side}} chest {{device}} with leads {OVER} the right atrium and right ventricle",
            "one: a {side}-sided dual-lead {device} with [leads in expected position|intact leads]",
            "{side} chest wall {device} leads terminate in the right atrium and right ventricle.",
            "one: a {side} subclavian {device} with intact leads",
        ),
        impressions=(
            "{side} chest {device} in place",
            "{side}-sided {device} with [intact leads|leads in expected position]",
        ),
        why=("Pacemaker placement.", "arrhythmia", "ICD placement.", "heart failure"),
        partners=("cardiomegaly", "cardiomegaly", "congestion", "small effusion", "sternotomy"),
        group="generator",
        rank=4,
        weight=4,
    ),
    Entity(
        name="PICC",
        region="devices",
        slots={"side": "left|right", "tip": TIP},
        findings=(
            f"one: a {{side}} [upper extremity |arm |]PICC with its tip {OVER} the {{tip}}",
            "{side} PICC tip [projects over|terminates at|is at] the {tip}.",
            "the {side} PICC terminates at the {tip}.",
        ),
        impressions=(
            "{side} PICC tip at the {tip}",
            "{side} PICC in place with tip at the {tip}",
            "{side} PICC terminates at the {tip}",
        ),
        why=LINE,
        partners=("bibasilar atelectasis", "small effusion", "consolidation"),
        group="line",
        weight=4,
    ),
    Entity(
        name="malpositioned PICC",
        region="devices",
        slots={
            "side": "left|right",
            "tip": "internal jugular vein|contralateral brachiocephalic vein|axillary vein|right atrium",
        },
        findings=(
            "the {side} PICC tip [projects over|terminates in] the {tip}.",
            "one: a {side} PICC with its tip in the {tip}",
        ),
        impressions=(
            "malpositioned {side} PICC with tip in the {tip}",
            "{side} PICC tip in the {tip}, repositioning recommended",
        ),
        advice=("the nursing staff was notified",),
        why=("PICC placement.", "Line placement."),
        partners=("low volumes", "bibasilar atelectasis"),
        group="line",
        rank=1,
        acute=True,
    ),
    Entity(
        name="port",
        region="devices",
        slots={"side": "left|right|right", "tip": TIP},
        findings=(
            "one: a {side} chest port with its catheter tip at the {tip}",
            "{side} chest [wall |]port catheter tip [projects over|terminates at] the {tip}.",
            "one: a {side} [subclavian|internal jugular] port with tip at the {tip}",
        ),
        impressions=(
            "{side} chest port tip at the {tip}",
            "{side} port catheter tip at the {tip}",
        ),
        why=("chemotherapy", "lymphoma", "Port placement.", "colon cancer"),
        partners=("nodule", "small effusion", "low volumes"),
        group="line",
        rank=4,
    ),
    Entity(
        name="central line",
        region="devices",
        slots={"side": "right|right|left", "vein": "internal jugular|subclavian", "tip": TIP},
        findings=(
            "one: a {side} {vein} central venous catheter with its tip at the {tip}",
            "{side} {vein} [central line|catheter] tip [projects over|is at] the {tip}.",
            "a {side} {vein} line terminates at the {tip}.",
        ),
        impressions=(
            "{side} {vein} [catheter|line] tip at the {tip}",
            "{side} {vein} central line with tip at the {tip}",
        ),
        why=("Central line placement.", "sepsis", "Line placement."),
        partners=("endotracheal tube", "bibasilar atelectasis", "pneumothorax", "small effusion"),
        group="line",
        weight=3,
    ),
    Entity(
        name="dialysis catheter",
        region="devices",
        slots={"side": "right|right|left", "tip": "right atrium|cavoatrial junction"},
        findings=(
            "one: a {side} [dual-lumen |tunneled |]dialysis catheter with its tip at the {tip}",
            "{side} [internal jugular |]dialysis catheter tip [projects over|is at] the {tip}.",
        ),
        impressions=(
            "{side} dialysis catheter tip at the {tip}",
            "{side} dialysis catheter with tip at the {tip}",
        ),
        why=("end-stage renal disease", "Dialysis catheter placement.", "renal failure"),
        partners=("cardiomegaly", "congestion", "bilateral effusions", "interstitial edema"),
        group="line",
    ),
    Entity(
        name="endotracheal tube",
        region="devices",
        blocks="trachea",
        slots={"cm": "3|3.5|4|4.5|5"},
        findings=(
            "[the |]endotracheal tube tip is [approximately |]{cm} cm above the carina.",
            "one: an endotracheal tube with its tip {cm} cm above the carina",
            "endotracheal tube terminates {cm} cm above the carina.",
        ),
        impressions=(
            "endotracheal tube tip {cm} cm above the carina",
            "endotracheal tube in [satisfactory|appropriate|good] position",
        ),
        why=ICU,
        partners=(
            "enteric tube",
            "central line",
            "bibasilar atelectasis",
            "consolidation",
            "multifocal pneumonia",
            "alveolar edema",
        ),
        group="airway",
        rank=4,
        weight=4,
    ),
    Entity(
        name="mainstem intubation",
        region="devices",
        blocks="trachea volumes clear {side}",
        slots={"side": "left"},  # the lung that is not ventilated, where the atelectasis is
        findings=(
            "[the |]endotracheal tube tip is in the right mainstem bronchus.",
            "one: an endotracheal tube with its tip in the right mainstem bronchus",
        ),
        impressions=(
            "right mainstem intubation, [recommend withdrawal|recommend repositioning]",
            "endotracheal tube in the right mainstem bronchus",
        ),
        advice=("the ordering team was notified by telephone",),
        why=ICU,
        partners=("basilar atelectasis", "enteric tube", "central line"),
        group="airway",
        rank=1,
        weight=1,
        acute=True,
    ),
    Entity(
        name="tracheostomy",
        region="devices",
        blocks="trachea",
        slots={"cm": "3|4|5"},
        findings=(
            "one: a tracheostomy tube with its tip {cm} cm above the carina",
            "[the |]tracheostomy tube [tip is {cm} cm above the carina|is in satisfactory position].",
            "tracheostomy tube [projects over the upper airway|is in place].",
        ),
        impressions=(
            "tracheostomy tube in [satisfactory|good|appropriate] position",
            "tracheostomy tube in place",
        ),
        why=("ventilator dependence", "Tracheostomy.", "respiratory failure"),
        partners=("bibasilar atelectasis", "PICC", "aspiration", "small effusion"),
        group="airway",
        rank=4,
    ),
    Entity(
        name="enteric tube",
        region="devices",
        blocks="abdomen",
        findings=(
            "[the |]enteric tube [tip is in the stomach|tip projects over the stomach].",
            "one: a nasogastric tube with its tip in the stomach",
            "enteric tube courses below the diaphragm, tip in the stomach.",
        ),
        impressions=(
            "enteric tube tip in the stomach",
            "enteric tube terminating in the stomach",
        ),
        why=("Tube placement.", "ileus", "Check tube placement."),
        partners=("endotracheal tube", "bibasilar atelectasis", "low volumes"),
        rank=4,
        weight=1,
    ),
    Entity(
        name="chest tube",
        region="devices",
        slots={"side": "left|right", "tip": "apex|base"},
        findings=(
            "one: a {side} chest tube with its tip at the {side} {tip}",
            "{side} chest tube [projects over|terminates at] the {side} {tip}.",
        ),
        impressions=("{side} chest tube in place", "{side} chest tube at the lung {tip}"),
        why=("Status post chest tube placement.", "pneumothorax"),
        partners=("pneumothorax", "subcutaneous air", "bibasilar atelectasis"),
        rank=4,
        weight=1,
    ),
)
