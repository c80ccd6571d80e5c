"""Makes documents with a form, signed under every kind of DocMDP, FieldMDP and
Lock, and later revisions of them, with pyHanko.

Usage: forms.py FOLDER TRUST.pem. Writes SETUP--CHANGE.pdf for each pair.
"""

import datetime
import io
import os
import re
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID, ExtendedKeyUsageOID
from pyhanko.keys import load_cert_from_pemder, load_private_key_from_pemder
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers, timestamps
from pyhanko.sign.fields import FieldMDPAction, FieldMDPSpec, MDPPerm, SigFieldSpec
from pyhanko_certvalidator.registry import SimpleCertificateStore

folder, trust = sys.argv[1:3]


def party(name, **usage):
    # pyHanko's own time-stamper takes RSA only.
    key = rsa.generate_private_key(65537, 2048) if usage.get('tsa') else ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    b = (x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key())
         .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
         .not_valid_after(now + datetime.timedelta(days=30))
         .add_extension(x509.BasicConstraints(False, None), True)
         .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
         .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), False)
         .add_extension(x509.KeyUsage(True, True, False, False, False, False, False, False, False), True))
    if usage.get('tsa'):
        b = b.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), True)
    cert = b.sign(key, hashes.SHA256())
    cp, kp = os.path.join(folder, name + '.crt'), os.path.join(folder, name + '.key')
    with open(cp, 'wb') as f:
        f.write(cert.public_bytes(serialization.Encoding.PEM))
    with open(os.open(kp, os.O_WRONLY | os.O_CREAT, 0o600), 'wb') as f:
        f.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    loaded = load_cert_from_pemder(cp), load_private_key_from_pemder(kp, None)
    os.remove(kp)
    os.remove(cp)
    return cert, *loaded


signer_cert, cert, key = party('firma')
tsa_cert, tsa, tsa_key = party('marca', tsa=True)
with open(trust, 'wb') as f:
    for c in (signer_cert, tsa_cert):
        f.write(c.public_bytes(serialization.Encoding.PEM))
signer = signers.SimpleSigner(signing_cert=cert, signing_key=key, cert_registry=SimpleCertificateStore.from_certs([cert]))
stamper = timestamps.DummyTimeStamper(tsa_cert=tsa, tsa_key=tsa_key)

LOCK_ALL, INCLUDE, EXCLUDE = FieldMDPAction.ALL, FieldMDPAction.INCLUDE, FieldMDPAction.EXCLUDE


def form(rect, extra=''):
    return f'<< /Type /XObject /Subtype /Form /BBox [0 0 {rect}] /Length 0 {extra}>>\nstream\n\nendstream'


def base(bare):
    """A page with text fields, a group, and a check box; bare, without their
    appearances: pyHanko takes that of a locked field for a change of it."""
    w = '/Type /Annot /Subtype /Widget /P 3 0 R /F 4'
    objects = [
        '<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [5 0 R 7 0 R 11 0 R 13 0 R 20 0 R 21 0 R 17 0 R] /DA (/Helv 10 Tf 0 g) /DR << /Font << /Helv 4 0 R >> >> >> >>',
        '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
        '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 4 0 R >> >> /Contents 19 0 R /Annots [5 0 R 8 0 R 9 0 R 11 0 R 13 0 R 20 0 R 21 0 R 17 0 R] >>',
        '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>',
        f'<< {w} /FT /Tx /T (nome) /Rect [100 700 300 720] /AP << /N 6 0 R >> >>',
        form('200 20'),
        '<< /FT /Tx /T (gruppo) /Kids [8 0 R 9 0 R] >>',
        f'<< {w} /Parent 7 0 R /T (a) /Rect [100 650 300 670] /AP << /N 10 0 R >> >>',
        f'<< {w} /Parent 7 0 R /T (b) /Rect [100 620 300 640] /AP << /N 12 0 R >> >>',
        form('200 20'),
        f'<< {w} /FT /Tx /T (gruppo2) /Rect [100 590 300 610] /AP << /N 12 0 R >> >>',
        form('200 20'),
        f'<< {w} /FT /Btn /T (scelta) /Rect [100 560 110 570] /AS /Off /AP << /N 16 0 R >> >>',
        form('10 10'), form('10 10'),
        '<< /Si 14 0 R /Off 15 0 R >>',  # pyHanko fails where it is direct
        '<< /Type /Annot /Subtype /Widget /P 3 0 R /F 4 /FT /Tx /T (velato) /Rect [100 400 300 420] /AP << /N 18 0 R >> >>',
        '<< /Type /XObject /Subtype /Form /BBox [0 0 200 20] /Length 26 >>\nstream\nBT /Helv 9 Tf (1000) Tj ET \nendstream',
        '<< /Length 40 >>\nstream\nBT /F1 12 Tf 100 760 Td (Documento) Tj ET\nendstream',
        f'<< {w} /FT /Tx /T (chiuso) /Ff 1 /Rect [100 530 300 550] /AP << /N 6 0 R >> >>',
        '<< /Type /Annot /Subtype /Widget /P 3 0 R /F 2 /FT /Tx /T (nascosto) /Rect [0 0 300 20] >>',
    ]
    objects[18] = '<< /Length 44 >>\nstream\n' + 'BT /F1 12 Tf 100 760 Td (Documento) Tj ET'.ljust(44) + '\nendstream'
    if bare:
        objects = [re.sub(r' /AP << /N \d+ 0 R >>', '', o) for o in objects]
    out, offsets = b'%PDF-1.7\n', []
    for i, o in enumerate(objects, 1):
        offsets.append(len(out))
        out += f'{i} 0 obj\n{o}\nendobj\n'.encode()
    xref = len(out)
    out += f'xref\n0 {len(objects) + 1}\n0000000000 65535 f \n'.encode()
    out += b''.join(b'%010d 00000 n \n' % o for o in offsets)
    ident = '<00112233445566778899aabbccddeeff>'
    out += f'trailer\n<< /Size {len(objects) + 1} /Root 1 0 R /ID [{ident} {ident}] >>\nstartxref\n{xref}\n%%EOF\n'.encode()
    return out


def sign(data, name, new=None, **meta):
    w = IncrementalPdfFileWriter(io.BytesIO(data))
    out = signers.PdfSigner(signers.PdfSignatureMetadata(field_name=name, **meta), signer=signer, new_field_spec=new).sign_pdf(w)
    return out.getvalue()


def prepared(lock=None, perm=None, bare=False):
    """The base with three signature fields, of which the first may lock."""
    w = IncrementalPdfFileWriter(io.BytesIO(base(bare)))
    fields.append_signature_field(w, SigFieldSpec('Firma1', on_page=0, box=(100, 100, 200, 140), field_mdp_spec=lock, doc_mdp_update_value=perm))
    fields.append_signature_field(w, SigFieldSpec('Firma2', on_page=0, box=(220, 100, 320, 140)))
    fields.append_signature_field(w, SigFieldSpec('Firma3', on_page=0, box=(340, 100, 440, 140), field_mdp_spec=FieldMDPSpec(LOCK_ALL)))
    out = io.BytesIO()
    w.write(out)
    return out.getvalue()


def certified(perm):
    return sign(prepared(), 'Firma1', certify=True, docmdp_permissions=perm)


setups = {
    'plain': lambda: sign(prepared(), 'Firma1'),
    'certified-1': lambda: certified(MDPPerm.NO_CHANGES),
    'certified-2': lambda: certified(MDPPerm.FILL_FORMS),
    'certified-3': lambda: certified(MDPPerm.ANNOTATE),
}
for bare in ('', '-bare'):
    for name, spec, perm, meta in (
        ('lock-all', FieldMDPSpec(LOCK_ALL), None, {}),
        ('lock-include', FieldMDPSpec(INCLUDE, ['nome']), None, {}),
        ('lock-exclude', FieldMDPSpec(EXCLUDE, ['nome']), None, {}),
        ('lock-group', FieldMDPSpec(INCLUDE, ['gruppo']), None, {}),
        ('lock-nested', FieldMDPSpec(INCLUDE, ['gruppo.a']), None, {}),
        ('lock-p1', FieldMDPSpec(INCLUDE, ['gruppo.a']), MDPPerm.NO_CHANGES, {}),
        ('lock-p2', FieldMDPSpec(INCLUDE, ['gruppo.a']), MDPPerm.FILL_FORMS, {}),
        ('certified-2-lock', FieldMDPSpec(EXCLUDE, ['gruppo']), None, {'certify': True, 'docmdp_permissions': MDPPerm.FILL_FORMS}),
    ):
        setups[name + bare] = lambda spec=spec, perm=perm, meta=meta, bare=bare: sign(prepared(spec, perm, bare != ''), 'Firma1', **meta)


def text_of(w, text):
    return generic.StreamObject({pdf_name('/Type'): pdf_name('/XObject'), pdf_name('/Subtype'): pdf_name('/Form'),
                                 pdf_name('/BBox'): generic.ArrayObject(map(generic.NumberObject, (0, 0, 200, 20))),
                                 pdf_name('/Resources'): generic.DictionaryObject()},
                                stream_data=b'/Tx BMC q BT /Helv 10 Tf 2 5 Td (%s) Tj ET Q EMC' % text.encode())


def find(w, name):
    level, found = w.root['/AcroForm']['/Fields'], None
    for part in name.split('.'):
        found = next(f for f in level if f.get_object()['/T'] == part)
        level = found.get_object().get('/Kids', ())
    return found.get_object()


def incremental(change):
    def apply(data):
        w = IncrementalPdfFileWriter(io.BytesIO(data))
        change(w)
        out = io.BytesIO()
        w.write(out)
        return out.getvalue()
    return apply


def fill(name, text='Bruna', in_place=False):
    def change(w):
        f = find(w, name)
        if text is not None:
            f['/V'] = pdf_string(text)
        stream = text_of(w, text or 'x')
        if in_place:
            old = f['/AP'].raw_get('/N').get_object()
            old._data, old._encoded_data = stream._data, None
            w.mark_update(f['/AP'].raw_get('/N').reference)
        else:
            f['/AP'] = generic.DictionaryObject({pdf_name('/N'): w.add_object(stream)})
        w.update_container(f)
    return incremental(change)


def tick(w):
    f = find(w, 'scelta')
    f['/V'] = f['/AS'] = pdf_name('/Si')
    w.update_container(f)


def strange_state(w):
    f = find(w, 'scelta')
    f['/AP'] = generic.DictionaryObject({pdf_name('/N'): generic.DictionaryObject({pdf_name('/Si'): w.add_object(text_of(w, 'x')), pdf_name('/Off'): w.add_object(text_of(w, 'y'))})})
    f['/V'] = f['/AS'] = pdf_name('/Si')
    w.update_container(f)


def move(w):
    f = find(w, 'nome')
    f['/Rect'] = generic.ArrayObject(map(generic.NumberObject, (0, 0, 595, 842)))
    f['/V'] = pdf_string('x')
    w.update_container(f)


def unhide(w):
    f = find(w, 'nascosto')
    f['/F'] = generic.NumberObject(4)
    f['/V'] = pdf_string('x')
    f['/AP'] = generic.DictionaryObject({pdf_name('/N'): w.add_object(text_of(w, 'x'))})
    w.update_container(f)


def annotate(subtype, **extra):
    def change(w):
        page = w.root['/Pages']['/Kids'][0]
        d = generic.DictionaryObject({pdf_name('/Type'): pdf_name('/Annot'), pdf_name('/Subtype'): pdf_name(subtype),
                                      pdf_name('/Rect'): generic.ArrayObject(map(generic.NumberObject, (90, 750, 300, 780))),
                                      pdf_name('/Contents'): pdf_string('nota')})
        for k, v in extra.items():
            d[pdf_name('/' + k)] = v
        page['/Annots'].append(w.add_object(d))
        w.update_container(page['/Annots'])
    return incremental(change)


def new_field(w):
    page = w.root['/Pages']['/Kids'][0]
    ref = w.add_object(generic.DictionaryObject({pdf_name('/Type'): pdf_name('/Annot'), pdf_name('/Subtype'): pdf_name('/Widget'),
                                                 pdf_name('/FT'): pdf_name('/Tx'), pdf_name('/T'): pdf_string('nuovo'), pdf_name('/V'): pdf_string('x'),
                                                 pdf_name('/Rect'): generic.ArrayObject(map(generic.NumberObject, (90, 750, 300, 780)))}))
    w.root['/AcroForm']['/Fields'].append(ref)
    page['/Annots'].append(ref)
    w.update_container(w.root['/AcroForm']['/Fields'])
    w.update_container(page['/Annots'])


def other_page(w):
    page = w.root['/Pages']['/Kids'][0]
    page['/Contents'] = w.add_object(generic.StreamObject(stream_data=b'0 0 1 rg 0 0 300 300 re f'))
    w.update_container(page)


def unlock(w):
    f = find(w, 'Firma1')
    if '/Lock' in f:
        del f['/Lock']
    f['/TU'] = pdf_string('x')
    w.update_container(f)


def stamp(data):
    w = IncrementalPdfFileWriter(io.BytesIO(data))
    return signers.PdfTimeStamper(stamper).timestamp_pdf(w, 'sha256').getvalue()


def then(*steps):
    def apply(data):
        for s in steps:
            data = s(data)
        return data
    return apply


sign2 = lambda d: sign(d, 'Firma2')
changes = {
    'none': lambda d: d,
    'fill-nome': fill('nome'),
    'fill-group-a': fill('gruppo.a'),
    'fill-group-b': fill('gruppo.b'),
    'fill-group2': fill('gruppo2'),
    'fill-in-place': fill('gruppo.a', in_place=True),
    'fill-in-place-shared': fill('gruppo2', in_place=True),
    'fill-read-only': fill('chiuso'),
    'fill-hidden': incremental(unhide),
    'fill-veiled': fill('velato'),
    'fill-twice': then(fill('nome'), fill('nome', 'Altra')),
    'fill-appearance-only': fill('nome', None),
    'tick': incremental(tick),
    'strange-state': incremental(strange_state),
    'move': incremental(move),
    'sign-2': sign2,
    'sign-new-invisible': lambda d: sign(d, 'Firma4', new=SigFieldSpec('Firma4')),
    'sign-new-visible': lambda d: sign(d, 'Firma4', new=SigFieldSpec('Firma4', on_page=0, box=(100, 200, 200, 240))),
    'sign-2-fill-nome': then(sign2, fill('nome')),
    'sign-3-fill-nome': then(lambda d: sign(d, 'Firma3'), fill('nome')),
    'fill-nome-sign-2': then(fill('nome'), sign2),
    'stamp': stamp,
    'stamp-fill-nome': then(stamp, fill('nome')),
    'note': annotate('/Text'),
    'free-text': annotate('/FreeText', DA=pdf_string('/Helv 12 Tf')),
    'open-note': annotate('/Text', Open=generic.BooleanObject(True)),
    'dark-highlight': annotate('/Highlight', C=generic.ArrayObject([generic.NumberObject(0)])),
    'new-field': incremental(new_field),
    'other-page': incremental(other_page),
    'unlock': incremental(unlock),
}
for setup, make in setups.items():
    data = make()
    for change, apply in changes.items():
        if 'bare' in setup and change in ('fill-in-place', 'fill-in-place-shared', 'fill-veiled', 'tick'):
            continue
        try:
            out = apply(data)
        except Exception as e:  # pyHanko itself keeps to what is permitted
            print(f'{setup}--{change}: not made: {e}')
            continue
        with open(os.path.join(folder, f'{setup}--{change}.pdf'), 'wb') as f:
            f.write(out)
