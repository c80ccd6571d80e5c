"""Signs one PDF with pyHanko, N times in this process, PAdES B-B, and prints the
nanoseconds of each: sign.py KEY.pem CERT.pem CHAIN.pem FILE.pdf N."""

import io
import sys
import time

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers

key, cert, chain, path, n = sys.argv[1:]
signer = signers.SimpleSigner.load(key, cert, ca_chain_files=[chain])
with open(path, 'rb') as f:
    data = f.read()
for _ in range(int(n)):
    began = time.perf_counter_ns()
    writer = IncrementalPdfFileWriter(io.BytesIO(data))
    meta = signers.PdfSignatureMetadata(field_name='Sigillo1', md_algorithm='sha256', subfilter=fields.SigSeedSubFilter.PADES)
    out = signers.sign_pdf(writer, meta, signer=signer)
    print(time.perf_counter_ns() - began, len(out.getbuffer()))
