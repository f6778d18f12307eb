"""Signs a PDF through `/csc/v1` with pyHanko's own CSC client, unaltered.

    csc_sign.py --dir DIR [--credential ID] [--fuin PATH] [--field NAME] IN.pdf OUT.pdf

DIR holds the `dev.json` that `fuin dev` wrote. pyHanko fetches the certificates, builds the CMS and calls signHash; what
it leaves to its user, the authorization, is `fuin sad`: it checks the enclave's evidence and authorizes exactly the
hashes that it is given.
"""

import argparse
import asyncio
import json
import pathlib
import subprocess
import sys

import aiohttp
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfSignatureMetadata, async_sign_pdf
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.general import SigningError
from pyhanko.sign.signers.csc_signer import (
    CSCAuthorizationInfo,
    CSCAuthorizationManager,
    CSCServiceSessionInfo,
    CSCSigner,
    fetch_certs_in_csc_credential,
)

DIGEST_OIDS = {
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}


class FuinAuthorization(CSCAuthorizationManager):
    """Has `fuin sad` authorize the hashes that pyHanko is about to have signed."""

    def __init__(self, session_info, credential_info, fuin, directory, digest):
        super().__init__(session_info, credential_info)
        self.command = [fuin, "sad", "--dir", str(directory), "--stdin"]
        self.digest = digest

    async def authorize_signature(self, hash_b64s):
        request = {
            "credentialID": self.csc_session_info.credential_id,
            "hashes": hash_b64s,
            "hashAlgorithmOID": DIGEST_OIDS[self.digest],
            "numSignatures": len(hash_b64s),
        }
        process = await asyncio.create_subprocess_exec(
            *self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        out, _ = await process.communicate(json.dumps(request).encode())
        sad = out.decode().strip()
        if process.returncode != 0 or not sad:
            raise SigningError(f"`fuin sad` ended with status {process.returncode} and no SAD")
        return CSCAuthorizationInfo(sad=sad)


def read_dev(directory, wanted):
    """The service and the credential to use: the one named, or the first."""
    dev = json.loads((directory / "dev.json").read_text())
    known = [one["credentialID"] for one in dev["credentials"]]
    if wanted is None and known:
        wanted = known[0]
    if wanted not in known:
        raise SystemExit(f"credential {wanted!r} is not among those of {directory}/dev.json: {', '.join(known)}")
    return dev, wanted


async def sign(args):
    directory = pathlib.Path(args.dir)
    dev, credential = read_dev(directory, args.credential)
    service = CSCServiceSessionInfo(
        service_url=dev["csc"].rstrip("/"),
        credential_id=credential,
        oauth_token=dev["serviceToken"],
        api_ver="v1",
    )
    async with aiohttp.ClientSession() as session:
        info = await fetch_certs_in_csc_credential(session, service)
        authorization = FuinAuthorization(service, info, args.fuin, directory, args.digest)
        signer = CSCSigner(session, auth_manager=authorization)
        metadata = PdfSignatureMetadata(
            field_name=args.field,
            md_algorithm=args.digest,
            subfilter=SigSeedSubFilter.PADES,
            reason="Signed through the CSC API",
        )
        with open(args.input, "rb") as source:
            writer = IncrementalPdfFileWriter(source)
            signed = await async_sign_pdf(writer, metadata, signer=signer)
            data = signed.getvalue()
    pathlib.Path(args.output).write_bytes(data)
    print(json.dumps({"credentialID": credential, "digest": args.digest, "output": args.output, "octets": len(data)}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input")
    parser.add_argument("output")
    parser.add_argument("--dir", required=True, help="directory of dev.json")
    parser.add_argument("--credential", help="credentialID; the first of dev.json unless given")
    parser.add_argument("--fuin", default="fuin", help="path of the fuin program")
    parser.add_argument("--field", default="Signature1", help="name of the signature field")
    parser.add_argument("--digest", default="sha256", choices=sorted(DIGEST_OIDS))
    try:
        asyncio.run(sign(parser.parse_args()))
    except (SigningError, OSError, KeyError, ValueError) as error:
        cause = f" ({error.__cause__})" if error.__cause__ else ""
        print(f"csc_sign: {type(error).__name__}: {error}{cause}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
