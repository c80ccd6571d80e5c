"""Makes the PDFs that scanners make of a picture of a page, with img2pdf.

Usage: scan.py PAGE.png FOLDER. Writes one PDF for each way of keeping a page.
"""

import io
import os
import sys

import img2pdf
from PIL import Image

page = Image.open(sys.argv[1]).convert('RGB')
gray = page.convert('L')
bilevel = gray.point(lambda p: 255 if p > 127 else 0).convert('1')


def save(image, **options):
    out = io.BytesIO()
    image.save(out, **options)
    return out.getvalue()


kinds = {
    'jpeg-rgb': save(page, format='JPEG', quality=80, dpi=(200, 200)),
    'jpeg-gray': save(gray, format='JPEG', quality=70, dpi=(200, 200)),
    'jpeg-cmyk': save(page.convert('CMYK'), format='JPEG', quality=80, dpi=(200, 200)),
    'jpeg-progressive': save(page, format='JPEG', quality=80, progressive=True),
    'png-rgb': save(page, format='PNG'),
    'png-gray': save(gray, format='PNG'),
    'png-palette': save(page.quantize(16), format='PNG'),
    'png-bilevel': save(bilevel, format='PNG'),
    'png-interlaced-like': save(page.resize((page.width, page.height)), format='PNG', optimize=True),
    'tiff-group4': save(bilevel, format='TIFF', compression='group4'),
    'gif': save(page.quantize(8), format='GIF'),
}
for name, data in kinds.items():
    with open(os.path.join(sys.argv[2], name + '.pdf'), 'wb') as f:
        f.write(img2pdf.convert(data))
with open(os.path.join(sys.argv[2], 'two-pages.pdf'), 'wb') as f:
    blank = save(Image.new('L', gray.size, 255), format='PNG')
    f.write(img2pdf.convert([blank, kinds['jpeg-gray']]))
with open(os.path.join(sys.argv[2], 'rotated.pdf'), 'wb') as f:
    f.write(img2pdf.convert(save(gray.rotate(90, expand=True), format='PNG')))
with open(os.path.join(sys.argv[2], 'jpeg-2000.pdf'), 'wb') as f:
    f.write(img2pdf.convert(save(gray, format='JPEG2000')))
