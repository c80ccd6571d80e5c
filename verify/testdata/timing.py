"""Times pyHanko's validation of PDFs within one process, without start-up.

Usage: timing.py TRUST.pem ROUNDS FILE... One line a file: name and the median
of its rounds in milliseconds of CPU. The reading of the file counts, as it does
for ours.
"""

import io
import logging
import os
import statistics
import sys
import time
import warnings

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko_certvalidator import ValidationContext

logging.disable(logging.CRITICAL)
warnings.simplefilter('ignore')
roots = list(load_certs_from_pemder([sys.argv[1]]))
for path in sys.argv[3:]:
    with open(path, 'rb') as f:
        data = f.read()
    times = []
    for _ in range(int(sys.argv[2])):
        start = time.process_time()
        vc = ValidationContext(trust_roots=roots, allow_fetching=False, revocation_mode='soft-fail')
        reader = PdfFileReader(io.BytesIO(data))
        for s in reader.embedded_regular_signatures:
            assert validate_pdf_signature(s, vc, ts_validation_context=vc).bottom_line
        for s in reader.embedded_timestamp_signatures:
            assert validate_pdf_timestamp(s, vc).valid
        times.append((time.process_time() - start) * 1000)
    print(f'{os.path.basename(path)}\t{statistics.median(times):.3f}')
