"""Posters: one picture per advocate, campaign and edition, with a QR that was read back before anyone gets it.

`engine` draws, `studio` keeps and checks. Nothing heavy (Pillow, numpy, pytakumi) is imported before the first poster.
"""

import os

# numpy's linear algebra, of which pictures need nothing, would have a thread spin on every other processor as it loads
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
