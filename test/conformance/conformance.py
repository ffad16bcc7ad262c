"""Runs ONNX's backend tests with swapc and compares with the list of what passes.

  conformance.py [REGEX...]   all tests, or those whose name matches
  conformance.py --update     writes the list, and docs/operators.md
  conformance.py --sample     some sixty tests that pass
  conformance.py --page       only says whether docs/operators.md fits the list
  conformance.py --try REGEX  only says what becomes of the tests; the list does not count
"""
import argparse
import concurrent.futures
import os
import re
import sys
import tempfile
import time
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))

import execute
import expectations
import onnx_tests
import operators_page
import swapc_testing

SAMPLE = 25  # one of so many


def select(cases, options):
    if options.sample:
        verdicts, _ = expectations.read()
        cases = [case for case in cases if verdicts.get(case.name) == expectations.PASS
                 and not case.name.startswith("real/") and zlib.crc32(case.name.encode()) % SAMPLE == 0]
    patterns = options.patterns or ["."]
    return [case for case in cases if any(re.search(pattern, case.name) for pattern in patterns)]


def run_all(cases, jobs, show):
    results = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for result in pool.map(execute.run_case, cases):
            results.append(result)
            if show:
                print(result.name, result.failure or " ".join(["pass", *result.bound]), flush=True)
    return results


def differences(results, complete):
    """Lines that say where results and the list differ."""
    verdicts, bound = expectations.read()
    lines = []
    for result in results:
        want, got = verdicts.pop(result.name, "not in the list"), expectations.classify(result)
        if got is None:
            lines.append(f"{result.name}: fails without a reason: {result.failure}")
        elif got != want:
            lines.append(f"{result.name}: {got} instead of {want}" + (f": {result.failure}" if result.failure else ""))
        elif got == expectations.PASS and set(result.bound) != set(bound[result.name]):
            lines.append(f"{result.name}: binds {result.bound} instead of {bound[result.name]}")
    if complete:
        lines += [f"{name}: in the list, but ONNX has no such test" for name in verdicts]
    return lines


def check_page(cases):
    if operators_page.is_current(cases):
        return 0
    print("docs/operators.md does not fit expected.txt and lib/Import; conformance.py --update writes it",
          file=sys.stderr)
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("patterns", nargs="*", metavar="REGEX")
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--sample", action="store_true")
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--try", action="store_true", dest="attempt")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if options.update and (options.patterns or options.sample):
        parser.error("--update needs all tests")
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="swapc-conformance-") as scratch:
        build = os.path.dirname(swapc_testing.build_dir())
        data = onnx_tests.find(build)
        if not data:
            sys.exit(f"ONNX's tests are not here: {onnx_tests.ADVICE}")
        cases = onnx_tests.list_cases(data, scratch)
        if options.page:
            return check_page(cases)
        chosen = select(cases, options)
        results = run_all(chosen, options.jobs, options.attempt)
    passed = sum(not result.failure for result in results)
    print(f"{passed} of {len(results)} tests pass, in {time.monotonic() - start:.0f} s")
    if options.attempt:
        return 0
    if options.update:
        unexplained = [result for result in results if expectations.classify(result) is None]
        for result in unexplained:
            print(f"{result.name}: {result.failure}", file=sys.stderr)
        if unexplained:
            sys.exit("these fail without a reason (expectations.REASONS), so the list is as it was")
        expectations.write(results)
        operators_page.write(cases)
        return 0
    lines = differences(results, complete=not options.patterns and not options.sample)
    for line in lines:
        print(line, file=sys.stderr)
    return 1 if lines or not results else 0


if __name__ == "__main__":
    sys.exit(main())
