"""The checked-in list of what passes (expected.txt) and the reasons why other tests do not."""
import dataclasses
import os
import re

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "expected.txt")
PASS = "pass"


@dataclasses.dataclass
class Reason:
    """Why a test is refused: its name or the compiler's message matches. The first reason that does counts."""
    name: str
    text: str
    message: str = "$^"
    test: str = "$^"
    stages: str = "refused"

    def matches(self, result):
        stage, message = result.failure.split(": ", 1)
        return stage in self.stages.split() and bool(
            re.search(self.message, message) or re.search(self.test, result.name))


# Crashes and wrong values have no reason unless a test cannot agree; such a test is named whole.
REASONS = [
    Reason("random", "the results are random numbers; those of the test are not to be met",
           test=r"test_(bernoulli|random|multinomial|.*dropout_default_mask_ratio)", stages="refused differs"),
    Reason("training", "gradients, optimisers and the statistics of a batch: swapc compiles inference",
           message=r"ai\.onnx\.preview\.training|only inference is supported"),
    Reason("strings", "elements that are strings",
           message=r"strings|operator (String\w+|RegexFullMatch|TfIdfVectorizer) ", test="strnorm|_string|regex"),
    Reason("tables", "the domain ai.onnx.ml: trees, encoders and tables, not networks", message=r"operator ai\.onnx\.ml\."),
    Reason("images", "files of images are read by a library, not by a network", message=r"operator ImageDecoder "),
    Reason("rounding", "where the exact result is 0, the test expects the rounding error of ONNX's own transform, "
                       "which is larger than the tolerance of the test",
           test=r"/test_dft_inverse(_opset19)?$", stages="differs"),
    Reason("length", "the test takes 2.4 for the length of a result of 2 elements, where ONNX's specification of "
                     "align_corners and ONNX Runtime take 2",
           test=r"/test_resize_downsample_scales_(cubic|linear)_align_corners$", stages="differs"),
    Reason("operator", "the operator is not supported", message=r"operator [\w.]+ \(opset \d+\) is not supported"),
    Reason("form", "the operator is supported, but not in this form, as the compiler says", message=""),
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
