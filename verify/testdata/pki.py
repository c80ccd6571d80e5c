"""Certificates for the scripts beside it, which pyHanko's Python runs."""

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

now = datetime.datetime.now(datetime.timezone.utc)


def subject(name):
    return x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, 'IT'), x509.NameAttribute(NameOID.ORGANIZATION_NAME, 'PROVA'), x509.NameAttribute(NameOID.COMMON_NAME, name)])


def issue(name, key, issuer, issuer_key, ca=False, tsa=False):
    b = (x509.CertificateBuilder().subject_name(subject(name)).issuer_name(issuer).public_key(key.public_key())
         .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
         .not_valid_after(now + datetime.timedelta(days=30)).add_extension(x509.BasicConstraints(ca, None), True)
         .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
         .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)
         .add_extension(x509.KeyUsage(not ca, not ca and not tsa, False, False, False, ca, ca, False, False), True))
    if tsa:
        b = b.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
    return b.sign(issuer_key, hashes.SHA256())


def revocations(root, root_key):
    """An empty list of revocations, of the root."""
    return (x509.CertificateRevocationListBuilder().issuer_name(root.subject).last_update(now - datetime.timedelta(hours=1))
            .next_update(now + datetime.timedelta(days=7)).sign(root_key, hashes.SHA256()))
