"""A run as JUnit XML: a broken rule is a failure, trouble of ours an error, the rest is skipped."""

import re
from collections import Counter
from xml.etree import ElementTree as ET

from conformance.exchange import Json
from conformance.report.failure import failure
from conformance.report.run import Run
from conformance.verdicts import Kind

FORBIDDEN = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

TAGS = {
    Kind.FAIL: "failure",
    Kind.UNEXPECTED_PASS: "failure",
    Kind.HARNESS_ERROR: "error",
    Kind.EXPECTED_FAIL: "skipped",
    Kind.UNTESTABLE: "skipped",
    Kind.INCONCLUSIVE: "skipped",
    Kind.NOT_APPLICABLE: "skipped",
}


def junit(run: Run) -> str:
    tags = Counter(TAGS.get(case["verdict"]) for case in run.cases)
    attributes = {
        "name": "conformance",
        "tests": str(len(run.cases)),
        "failures": str(tags["failure"]),
        "errors": str(tags["error"]),
        "skipped": str(tags["skipped"]),
        "time": f"{sum(case['seconds'] for case in run.cases):.3f}",
        "timestamp": run.header["started"],
    }
    root = ET.Element("testsuites")
    suite = ET.SubElement(root, "testsuite", attributes)
    _properties(suite, {
        "router": run.header["router"]["url"],
        "mode": run.header["mode"],
        "profile": run.header["profile"]["name"],
        "conclusion": str(run.footer["exit"]) if run.footer else "cut",
    })  # fmt: skip
    for case in run.cases:
        _case(suite, case, run)
    ET.indent(root)
    return ET.tostring(root, "unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, case: Json, run: Run) -> None:
    element = ET.SubElement(
        suite,
        "testcase",
        {"name": case["id"], "classname": case["family"], "time": f"{case['seconds']:.3f}"},
    )
    _properties(
        element, {name: case[name] for name in ("rule", "level", "basis", "surface", "verdict")}
    )
    if tag := TAGS.get(case["verdict"]):
        found = [finding["message"] for finding in case["findings"]]
        first = case["reason"] if tag == "skipped" or not found else found[0]
        outcome = ET.SubElement(element, tag, {"message": legal(first), "type": case["verdict"]})
        outcome.text = legal("\n".join(failure(case, run)))


def _properties(parent: ET.Element, values: dict[str, str]) -> None:
    properties = ET.SubElement(parent, "properties")
    for name, value in values.items():
        ET.SubElement(properties, "property", {"name": name, "value": legal(value)})


def legal(text: str) -> str:
    """Return text in which the characters that XML forbids are escapes."""
    return FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
