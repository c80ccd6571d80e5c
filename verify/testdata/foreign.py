"""Signs PDFs of several forms with pyHanko, at every level.

Usage: foreign.py FOLDER TRUST.pem BASE.pdf... Each base gives files at B-B,
B-T, B-LT and B-LTA, one signed twice and one certified. Also leaves key.p12
(password: prova) and crl.der for other signers.
"""

import io
import os
import sys

sys.dont_write_bytecode = True  # nothing is left beside the sources

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from asn1crypto import crl as asn1_crl
from pyhanko.keys import load_cert_from_pemder, load_private_key_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import signers, timestamps
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from pki import issue, revocations, subject

folder, trust, bases = sys.argv[1], sys.argv[2], sys.argv[3:]


def load(name, cert, key):
    cp, kp = os.path.join(folder, name + '.crt'), os.path.join(folder, name + '.key')
    with open(cp, 'wb') as f:
        f.write(cert.public_bytes(serialization.Encoding.PEM))
    with open(os.open(kp, os.O_WRONLY | os.O_CREAT, 0o600), 'wb') as f:
        f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    loaded = load_cert_from_pemder(cp), load_private_key_from_pemder(kp, None)
    os.remove(kp)
    os.remove(cp)
    return loaded


root_key = ec.generate_private_key(ec.SECP384R1())
root = issue('Radice', root_key, subject('Radice'), root_key, ca=True)
key = rsa.generate_private_key(65537, 2048)
cert = issue('Firma', key, root.subject, root_key)
tsa_key = rsa.generate_private_key(65537, 2048)
tsa = issue('Marca', tsa_key, root.subject, root_key, tsa=True)
crl = revocations(root, root_key)
crl_der = crl.public_bytes(serialization.Encoding.DER)
with open(trust, 'wb') as f:
    f.write(root.public_bytes(serialization.Encoding.PEM))
with open(os.open(os.path.join(folder, 'key.p12'), os.O_WRONLY | os.O_CREAT, 0o600), 'wb') as f:
    f.write(pkcs12.serialize_key_and_certificates(b'firma', key, cert, [root], serialization.BestAvailableEncryption(b'prova')))

a_root = load('root', root, root_key)[0]
a_cert, a_key = load('firma', cert, key)
a_tsa, a_tsa_key = load('marca', tsa, tsa_key)
store = SimpleCertificateStore.from_certs([a_root])
signer = signers.SimpleSigner(signing_cert=a_cert, signing_key=a_key, cert_registry=store)
stamper = timestamps.DummyTimeStamper(tsa_cert=a_tsa, tsa_key=a_tsa_key, certs_to_embed=store)


def context():
    return ValidationContext(trust_roots=[a_root], allow_fetching=False, crls=[asn1_crl.CertificateList.load(crl_der)], revocation_mode='hard-fail', other_certs=[a_tsa])


def sign(data, field, level, **extra):
    meta = dict(field_name=field, subfilter=SigSeedSubFilter.PADES, **extra)
    if level in ('B-LT', 'B-LTA'):
        meta.update(embed_validation_info=True, validation_context=context(), use_pades_lta=level == 'B-LTA')
    w = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
    s = signers.PdfSigner(signers.PdfSignatureMetadata(**meta), signer=signer, timestamper=None if level == 'B-B' else stamper)
    return s.sign_pdf(w).getvalue()


for path in bases:
    name = os.path.splitext(os.path.basename(path))[0]
    with open(path, 'rb') as f:
        data = f.read()
    made = {level: sign(data, 'Firma1', level) for level in ('B-B', 'B-T', 'B-LT', 'B-LTA')}
    made['twice'] = sign(made['B-B'], 'Firma2', 'B-B')
    made['LTA-twice'] = sign(made['B-LTA'], 'Firma2', 'B-LTA')
    made['certified'] = sign(data, 'Firma1', 'B-B', certify=True, docmdp_permissions=MDPPerm.FILL_FORMS)
    made['certified-twice'] = sign(made['certified'], 'Firma2', 'B-B')
    made['certified-p1'] = sign(data, 'Firma1', 'B-LTA', certify=True, docmdp_permissions=MDPPerm.NO_CHANGES)
    for kind, out in made.items():
        with open(os.path.join(folder, f'{name}--pyhanko-{kind}.pdf'), 'wb') as f:
            f.write(out)
