"""Adds to a sealed PDF with pyHanko what honest programs add, and makes the keys.

Usage: touch.py FOLDER TRUST.pem BASE.pdf. Leaves firma.p12, marca.p12 (password:
prova), root.der and crl.der in FOLDER for other programs, appends the root to
TRUST.pem, and writes pyhanko-OPERATION.pdf into FOLDER/out.
"""

import io
import os
import sys

sys.dont_write_bytecode = True  # nothing is left beside the sources

from asn1crypto import crl as asn1_crl, x509 as asn1_x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.validation import DocumentSecurityStore
from pyhanko_certvalidator import ValidationContext

from pki import issue, revocations, subject

folder, trust, base = sys.argv[1:]
out = os.path.join(folder, 'out')


def write(name, data):
    with open(os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CREAT, 0o600), 'wb') as f:
        f.write(data)


root_key = ec.generate_private_key(ec.SECP384R1())
root = issue('Radice', root_key, subject('Radice'), root_key, ca=True)
der = serialization.Encoding.DER
for name, tsa in (('firma', False), ('marca', True)):
    key = rsa.generate_private_key(65537, 2048)
    cert = issue(name.capitalize(), key, root.subject, root_key, tsa=tsa)
    write(name + '.p12', pkcs12.serialize_key_and_certificates(name.encode(), key, cert, [root], serialization.BestAvailableEncryption(b'prova')))
crl = revocations(root, root_key).public_bytes(der)
write('crl.der', crl)
write('root.der', root.public_bytes(der))
with open(trust, 'ab') as f:
    f.write(root.public_bytes(serialization.Encoding.PEM))

a_root = asn1_x509.Certificate.load(root.public_bytes(der))
signer = signers.SimpleSigner.load_pkcs12(os.path.join(folder, 'firma.p12'), passphrase=b'prova')
tsa = signers.SimpleSigner.load_pkcs12(os.path.join(folder, 'marca.p12'), passphrase=b'prova')
stamper = timestamps.DummyTimeStamper(tsa_cert=tsa.signing_cert, tsa_key=tsa.signing_key, certs_to_embed=signer.cert_registry)
with open(base, 'rb') as f:
    data = f.read()


def context():
    return ValidationContext(trust_roots=list(load_certs_from_pemder([trust])), allow_fetching=False, crls=[asn1_crl.CertificateList.load(crl)], revocation_mode='soft-fail', other_certs=[tsa.signing_cert])


def save(name, result):
    with open(os.path.join(out, 'pyhanko-' + name + '.pdf'), 'wb') as f:
        f.write(result.getvalue())


def sign(name, field, **extra):
    spec = extra.pop('spec', None)
    meta = signers.PdfSignatureMetadata(field_name=field, subfilter=SigSeedSubFilter.PADES, **extra)
    s = signers.PdfSigner(meta, signer=signer, timestamper=stamper, new_field_spec=spec)
    save(name, s.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data))))


save('stamp', signers.PdfTimeStamper(stamper).timestamp_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), 'sha256'))
sign('second', 'Conservatore')
sign('lta', 'Conservatore', embed_validation_info=True, validation_context=context(), use_pades_lta=True)
sign('visible', 'Visibile', spec=fields.SigFieldSpec('Visibile', box=(50, 50, 200, 100)))
w = IncrementalPdfFileWriter(io.BytesIO(data))
DocumentSecurityStore.supply_dss_in_writer(w, None, certs=[signer.signing_cert, a_root], crls=[asn1_crl.CertificateList.load(crl)])
result = io.BytesIO()
w.write(result)
save('dss', result)
