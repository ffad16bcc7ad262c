"""The checked-in list of what passes (expected.txt) and the reasons why other tests do not."""
import dataclasses
import os
import re

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "expected.txt")
PASS = "pass"


@dataclasses.dataclass
class Reason:
    """A test has a reason when its name or its failure matches; the first that does counts."""
    name: str
    text: str
    failure: str = "refused"
    test: str = ""

    def matches(self, result):
        return bool(re.search(self.failure, result.failure) and re.search(self.test, result.name))


# Crashes and wrong values have no reason unless a test by its nature cannot agree.
REASONS = [
    Reason("random", "the outputs are random numbers, so the values of the test are not to be met",
           failure="^(differs|refused)", test=r"bernoulli|/test_random|multinomial|dropout_default_mask_ratio"),
    Reason("training", "gradients, optimisers and batch statistics: swapc compiles inference",
           test=r"gradient|adagrad|adam|momentum|batchnorm_.*training|training_dropout"),
    Reason("strings", "elements that are strings",
           failure=r"operator (String\w+|RegexFullMatch|TfIdfVectorizer|LabelEncoder) |element type (8|string)",
           test="string|strnorm|ai_onnx_ml"),
    Reason("sequence", "a sequence, map or optional value where a tensor has to be",
           failure="must be a tensor|operator (Sequence|Optional|SplitToSequence|ConcatFromSequence)"),
    Reason("machine learning", "the domain ai.onnx.ml: trees and tables, not networks", failure=r"operator ai\.onnx\.ml\."),
    Reason("operator", "the operator is not supported", failure=r"operator [\w.]+ \(opset \d+\) is not supported"),
    Reason("form", "the operator is supported, but not in this form; the compiler says what it needs"),
]


def classify(result):
    """What the list says of a test; None when there is no reason."""
    if not result.failure:
        return PASS
    return next((reason.name for reason in REASONS if reason.matches(result)), None)


def read():
    """Verdicts by test, and the inputs that each binds."""
    verdicts, bound = {}, {}
    with open(PATH) as file:
        for line in file:
            words = line.split("#")[0].split()
            if words:
                name, verdict, *rest = words
                verdicts[name] = verdict.replace("-", " ")
                bound[name] = tuple(rest[0].removeprefix("bind=").split(",")) if rest else ()
    return verdicts, bound


def write(results):
    lines = ["# What swapc makes of ONNX's backend tests, by `ninja conformance`, which fails on any difference;",
             "# test/conformance/conformance.py --update writes this file. Behind `pass` stand the inputs whose",
             "# values are given while compiling (--bind)."]
    groups = {PASS: [], **{reason.name: [] for reason in REASONS}}
    for result in sorted(results, key=lambda result: result.name):
        groups[classify(result)].append(result)
    texts = {PASS: "compiles, and its values agree at no budget and at the smallest, with equal bits",
             **{reason.name: reason.text for reason in REASONS}}
    for verdict, members in groups.items():
        if members:
            lines += ["", f"# {verdict} ({len(members)}): {texts[verdict]}"]
        for result in members:
            end = " bind=" + ",".join(result.bound) if verdict == PASS and result.bound else ""
            lines.append(f"{result.name} {verdict.replace(' ', '-')}{end}")
    with open(PATH, "w") as file:
        file.write("\n".join(lines) + "\n")
