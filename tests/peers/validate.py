"""Validates the signatures of a PDF with pyHanko: its own validator, and AdES basic validation (EN 319 102-1, 5.3).

    validate.py IN.pdf --trust ROOT.pem ...

Prints one JSON object and exits with 0 only when every signature is intact, valid and trusted, the newest covers the
whole file, and nothing but permitted changes follows the others. Nothing is fetched from anywhere.
"""

import argparse
import asyncio
import json
import sys

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.ades.report import AdESIndeterminate, AdESPassed
from pyhanko.sign.validation import async_validate_pdf_signature
from pyhanko.sign.validation.ades import ades_basic_validation
from pyhanko.sign.validation.policy_decl import SignatureValidationSpec
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
)
from pyhanko_certvalidator.registry import SimpleTrustManager


def indication(result):
    """The words of EN 319 102-1 for the outcome."""
    if isinstance(result, AdESPassed):
        return "TOTAL-PASSED"
    return "INDETERMINATE" if isinstance(result, AdESIndeterminate) else "TOTAL-FAILED"


async def examine(embedded, roots, key_usage):
    context = ValidationContext(trust_roots=roots, allow_fetching=False, revocation_mode="soft-fail")
    status = await async_validate_pdf_signature(
        embedded, signer_validation_context=context, key_usage_settings=key_usage
    )
    spec = SignatureValidationSpec(
        cert_validation_policy=CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build(trust_roots=roots),
            revinfo_policy=CertRevTrustPolicy(RevocationCheckingPolicy.from_legacy("soft-fail")),
        ),
        key_usage_settings=key_usage,
    )
    ades = await ades_basic_validation(
        embedded.signed_data, spec, raw_digest=embedded.compute_digest()
    )
    signer = embedded.signer_info["signed_attrs"]
    return {
        "field": embedded.field_name,
        "subFilter": str(embedded.sig_object["/SubFilter"]),
        "signer": status.signing_cert.subject.human_friendly,
        "digest": status.md_algorithm,
        "mechanism": status.pkcs7_signature_mechanism,
        "attributes": sorted(attribute["type"].native for attribute in signer),
        "valid": status.valid,
        "intact": status.intact,
        "trusted": status.trusted,
        "coverage": status.coverage.name,
        "changes": status.modification_level.name if status.modification_level else None,
        "bottomLine": status.bottom_line,
        "indication": indication(ades.ades_subindic),
        "subIndication": ades.ades_subindic.name,
        "message": ades.failure_msg,
    }


def accepted(signatures):
    def sound(one):
        return one["intact"] and one["valid"] and one["trusted"] and one["bottomLine"] and one["indication"] == "TOTAL-PASSED"

    whole = SignatureCoverageLevel.ENTIRE_FILE.name
    return bool(signatures) and all(map(sound, signatures)) and signatures[-1]["coverage"] == whole


async def run(args):
    roots = list(load_certs_from_pemder(args.trust))
    # EN 319 412-2 (4.3.2): a certificate for signatures has non-repudiation.
    key_usage = KeyUsageConstraints(key_usage={"non_repudiation"})
    with open(args.pdf, "rb") as file:
        reader = PdfFileReader(file)
        return [await examine(one, roots, key_usage) for one in reader.embedded_regular_signatures]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pdf")
    parser.add_argument("--trust", nargs="+", required=True, metavar="PEM")
    args = parser.parse_args()
    try:
        signatures = asyncio.run(run(args))
    except Exception as error:  # whatever a broken file makes the validator raise, the answer is no
        print(json.dumps({"valid": False, "trusted": False, "intact": False, "error": f"{type(error).__name__}: {error}"}))
        return 1
    newest = signatures[-1] if signatures else {}
    print(
        json.dumps(
            {
                "valid": bool(signatures) and all(one["valid"] for one in signatures),
                "trusted": bool(signatures) and all(one["trusted"] for one in signatures),
                "intact": bool(signatures) and all(one["intact"] for one in signatures),
                "coverage": newest.get("coverage"),
                "indication": newest.get("indication"),
                "subIndication": newest.get("subIndication"),
                "accepted": accepted(signatures),
                "signatures": signatures,
            },
            indent=2,
            ensure_ascii=False,
        )
    )
    return 0 if accepted(signatures) else 1


if __name__ == "__main__":
    sys.exit(main())
