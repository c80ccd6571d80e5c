"""Judges PDFs with pyHanko, offline: nothing is fetched.

Usage: judge.py TRUST.pem FILE:LEVEL... One line for each file: name, level,
verdicts. Levels B-B and B-T are judged without demanding revocation data, LT
and LTA with all of it from the document; LTA also by the AdES procedure of
EN 319 102-1.
"""

import asyncio
import os
import sys

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import (
    RevocationInfoValidationType,
    async_validate_pdf_ltv_signature,
    async_validate_pdf_signature,
)
from pyhanko.sign.validation.ades import ades_lta_validation
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.policy_decl import (
    PdfSignatureValidationSpec,
    RevinfoOnlineFetchingRule,
    RevocationInfoGatheringSpec,
    SignatureValidationSpec,
)
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import (
    REQUIRE_REVINFO,
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.registry import SimpleTrustManager


async def judge(trust, name):
    path, level = name.rsplit(':', 1)
    out = []
    with open(path, 'rb') as f:
        reader = PdfFileReader(f)
        for sig in reader.embedded_regular_signatures:
            if level in ('B-LT', 'B-LTA'):
                kind = RevocationInfoValidationType.PADES_LT if level == 'B-LT' else RevocationInfoValidationType.PADES_LTA
                if not any(t.signed_revision > sig.signed_revision for t in reader.embedded_timestamp_signatures) or sig.attached_timestamp_data is None:
                    kind = RevocationInfoValidationType.PADES_LT  # for LTA it wants two time-stamps
                options = {'trust_roots': trust, 'allow_fetching': False, 'revocation_mode': 'require'}
                first = DocumentSecurityStore.read_dss(reader).as_validation_context(options)
                status = await async_validate_pdf_ltv_signature(sig, kind, options, bootstrap_validation_context=first)
            else:
                vc = ValidationContext(trust_roots=trust, allow_fetching=False, revocation_mode='soft-fail')
                status = await async_validate_pdf_signature(sig, vc, ts_validation_context=vc)
            out.append(f'bottom_line={status.bottom_line} {status.summary()} mod={status.modification_level.name} coverage={status.coverage.name}')
            if level in ('B-T', 'B-LT', 'B-LTA'):
                out.append(f'timestamp={status.timestamp_validity is not None and status.timestamp_validity.trusted}')
            if level == 'B-LTA':
                spec = PdfSignatureValidationSpec(SignatureValidationSpec(
                    cert_validation_policy=CertValidationPolicySpec(
                        trust_manager=SimpleTrustManager.build(trust_roots=trust),
                        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO)),
                    revinfo_gathering_policy=RevocationInfoGatheringSpec(online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY)))
                result = await ades_lta_validation(sig, spec)
                out.append(f'ades_lta={result.ades_subindic}')
    print(os.path.basename(path), level, '; '.join(out), sep='\t')


async def main():
    trust = list(load_certs_from_pemder([sys.argv[1]]))
    for name in sys.argv[2:]:
        await judge(trust, name)


asyncio.run(main())
