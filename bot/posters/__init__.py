"""Posters: one picture per advocate, campaign and edition, with a QR that was read back before anyone gets it.

`engine` draws, `studio` keeps and checks. Nothing heavy (Pillow, numpy, pytakumi) is imported before the first poster.
"""
