"""Says of each PDF of a folder whether pyHanko accepts it, offline.

Usage: verdicts.py TRUST.pem FOLDER. One line for each file: name, accepted (1
or 0), intact (1 or 0), why. A file is accepted if it has a seal and every one
is intact, valid, trusted and followed by nothing that pyHanko's difference
policy forbids, and if its document time-stamps are intact; intact if the same
holds but for trust.
"""

import logging
import os
import sys
import warnings

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

logging.disable(logging.CRITICAL)
warnings.simplefilter('ignore')


def verdict(path, roots):
    vc = ValidationContext(trust_roots=roots, allow_fetching=False, revocation_mode='soft-fail')
    with open(path, 'rb') as f:
        reader = PdfFileReader(f)
        seals = reader.embedded_regular_signatures
        if not seals:
            return 0, 0, 'no seal'
        accepted, intact, why = 1, 1, []
        for s in seals:
            status = validate_pdf_signature(s, vc, ts_validation_context=vc)
            if not status.bottom_line:
                accepted = 0
                why.append(f'{status.summary()} {status.modification_level} {status.coverage}')
            if not (status.intact and status.valid and status.docmdp_ok
                    and status.coverage in (SignatureCoverageLevel.ENTIRE_FILE, SignatureCoverageLevel.ENTIRE_REVISION)):
                intact = 0
        for s in reader.embedded_timestamp_signatures:
            status = validate_pdf_timestamp(s, vc)
            if not (status.intact and status.valid):
                accepted = intact = 0
                why.append('time-stamp: ' + status.summary())
        return accepted, intact, '; '.join(why)


roots = list(load_certs_from_pemder([sys.argv[1]]))
for name in sorted(n for n in os.listdir(sys.argv[2]) if n.endswith('.pdf')):
    try:
        accepted, intact, why = verdict(os.path.join(sys.argv[2], name), roots)
    except Exception as e:  # whatever it cannot read it does not accept
        accepted, intact, why = 0, 0, f'{type(e).__name__}: {e}'
    print(f'{name}\t{accepted}\t{intact}\t{why}'.replace('\n', ' '))
