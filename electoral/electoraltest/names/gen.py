#!/usr/bin/env python3
"""Makes first.tsv and surnames.tsv from the shared tables of names.

usage: gen.py ../../../../shared/data/nomi   (the test of this package repeats it)
"""
import csv, re, sys

base = sys.argv[1]
plain = re.compile(r"[A-ZÀ-Þ' -]+")
with open("first.tsv", "w", encoding="utf-8") as out:
    for sex in "MF":
        n = 0
        for r in csv.DictReader(open(f"{base}/nomi_frequenza.csv", encoding="utf-8")):
            if r["sesso"] == sex and n < 500 and plain.fullmatch(r["nome"]):
                out.write(f"{sex}\t{r['nome']}\t{r['peso']}\n")
                n += 1
with open("surnames.tsv", "w", encoding="utf-8") as out:
    for r in csv.DictReader(open(f"{base}/cognomi_per_provincia.csv", encoding="utf-8")):
        if plain.fullmatch(r["cognome"].upper()):
            out.write(f"{r['provincia']}\t{r['cognome'].upper()}\n")
    for r in csv.DictReader(open(f"{base}/cognomi_italia_cc0.csv", encoding="utf-8")):
        out.write(f"\t{r['cognome'].upper()}\n")
