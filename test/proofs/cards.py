"""The half of `npm run proof:cards` that others' programs run in: see cards.ts. Arguments: node, the command, the schemas of OpenLineage."""
import csv
import glob
import gzip
import importlib.resources
import json
import logging
import os
import random
import subprocess
import sys

import jsonschema
import mlcroissant
import pyarrow.parquet
import referencing
import yaml
from huggingface_hub import DatasetCard

node, script, schemas = sys.argv[1:]
logging.disable(logging.CRITICAL)
failed = False
counts = {}


def check(what, holds, more=""):
    global failed
    print(f"{'holds' if holds else 'FAILS'}: {what}{'' if holds else chr(10) + str(more)}")
    failed = failed or not holds


def lethe(*args):
    done = subprocess.run([node, script, *args], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"lethe {' '.join(args)} ended with {done.returncode}\n{done.stderr}")
    return done.stdout


HOSTILE = '--- <script>alert(1)</script> [x](http://evil) | `a` "b" \\n {{ x }} ${y} =cmd|1 \u202e # @all'
POLICY = """policy: shop
version: 3
purpose: train_ai_system
subject: customer.id
time: at
description: 'shop events'
fields:
  customer.id: { use: hash.hmac, domain: customer }
  customer.name: { use: fake.person, part: first }
  at: { use: generalize.date, to: day, zone: UTC }
  age: { use: generalize.number, width: 10, role: quasi-identifier }
  town: { use: keep, role: quasi-identifier, accept: towns are wanted }
  spent: { use: noise.number, span: 5 }
  '"odd name <b>|"': { use: keep, type: integer }
  joined: { use: keep, type: date }
  note: { use: mask.replace, with: "[note]" }
%sretention: { steps: [{ after: 365d, fields: { age: { use: generalize.number, width: 20 } } }, { after: 500d, then: suppress }] }
"""
LIST = '  "items[].sku": keep\n'
FACTS = {
    "name": "Shop events " + HOSTILE.replace("\u202e", ""),
    "description": f"First.\n\n{HOSTILE}\n\n---\nlast: true",
    "version": "1.2.0",
    "license": "CC-BY-4.0",
    "url": "https://data.example.com/shop",
    "creator": {"name": "Example " + HOSTILE.replace("\u202e", "")},
    "contact": "https://data.example.com/contact",
    "published": "2026-06-01",
    "citation": "@misc{shop}",
    "keywords": ["shop: true", "- x", "yes", "1.0"],
    "languages": ["en"],
    "collection": {"sources": HOSTILE, "how": HOSTILE, "from": "2026-01-01", "to": "2026-05-31"},
    "limitations": HOSTILE,
    "biases": HOSTILE,
    "contract": {"status": "active", "domain": "shop"},
}
random.seed(7)
TOWNS = ["Ulm", "Bonn", HOSTILE.replace("\u202e", "")]


def event(i):
    return {
        "customer": {"id": f"C-{i % 300}", "name": f"N{i}"},
        "at": f"2026-0{1 + i % 5}-1{i % 10}T10:00:00Z",
        "age": 20 + i % 60,
        "town": TOWNS[0] if i % 11 else TOWNS[2],
        "spent": round(random.uniform(1, 100), 2),
        "odd name <b>|": i % 3,
        "joined": f"2026-01-{1 + i % 28:02}",
        "note": "secret" if i % 4 else None,
        "items": [{"sku": f"S-{i}-{j}"} for j in range(i % 3)],
    }


events = [event(i) for i in range(1000)]
with open("in.ndjson", "w") as out:
    out.writelines(json.dumps(one) + "\n" for one in events)
with open("in.csv", "w", newline="") as out:
    rows = csv.writer(out)
    rows.writerow(["customer.id", "customer.name", "at", "age", "town", "spent", "odd name <b>|", "joined", "note"])
    for one in events:
        c = one["customer"]
        rows.writerow([c["id"], c["name"], one["at"], one["age"], one["town"], one["spent"], one["odd name <b>|"], one["joined"], one["note"]])
with open("list.yaml", "w") as out:
    out.write(POLICY % LIST)
with open("flat.yaml", "w") as out:
    out.write(POLICY % "")
with open("card.yaml", "w") as out:
    yaml.safe_dump(FACTS, out, allow_unicode=True)
lethe("keys", "create", "keys.json")


def registry():
    files = glob.glob(os.path.join(schemas, "**/*.json"), recursive=True)
    resources = [referencing.Resource.from_contents(json.load(open(file))) for file in files]
    return referencing.Registry().with_resources([(one.contents["$id"], one) for one in resources])


def hold_events(text, name):
    if not os.path.isdir(schemas):
        print(f"skipped: OpenLineage of {name}, because {schemas} is missing")
        return
    known = registry()
    base = known.contents("https://openlineage.io/spec/2-0-2/OpenLineage.json")
    checked = 0
    for line in text.splitlines():
        one = json.loads(line)
        validator = jsonschema.Draft202012Validator(base, registry=known, format_checker=jsonschema.FormatChecker())
        check(f"{one['eventType']} of {name} fits OpenLineage 2-0-2", validator.is_valid(one), list(validator.iter_errors(one))[:1])
        facets = [one["run"].get("facets", {})]
        for side in [*one["inputs"], *one["outputs"]]:
            facets += [side.get(key, {}) for key in ("facets", "inputFacets", "outputFacets")]
        for key, facet in ((key, facet) for some in facets for key, facet in some.items()):
            address = facet["_schemaURL"]
            own = jsonschema.Draft202012Validator({"$ref": address}, registry=known)
            check(f"{name}: {key} fits {address.rsplit('/', 1)[1]}", own.is_valid(facet), list(own.iter_errors(facet))[:1])
            checked += 1
    counts[f"facets of {name}"] = checked


def hold_contract(text, name):
    schema = json.loads(importlib.resources.files("open_data_contract_standard").joinpath("schema.json").read_text())
    check("the schema is of ODCS 3.1", "v3.1.0" in schema["properties"]["apiVersion"]["enum"])
    contract = yaml.safe_load(text)
    own = jsonschema.Draft201909Validator(schema)
    check(f"the contract of {name} fits ODCS 3.1", own.is_valid(contract), list(own.iter_errors(contract))[:2])
    check(f"the contract of {name} is version text", contract["version"] == "1.2.0" and contract["tags"] == FACTS["keywords"], contract["tags"])


def hold_card(text, name):
    card = DatasetCard(text)
    data = card.data.to_dict()
    check(f"huggingface_hub reads the card of {name}", data["license"] == "cc-by-4.0" and data["language"] == ["en"], data)
    check(f"the name of {name} is text", data["pretty_name"] == FACTS["name"], data["pretty_name"])
    check(f"keywords of {name} are texts", data["tags"] == ["de-identified", *FACTS["keywords"]], data["tags"])
    check(f"no markup of others is in the body of {name}", "<script" not in card.text and "](http://evil" not in card.text and "\n---\n" not in card.text)


def at(value, steps):
    for step in steps:
        if value is None:
            return None
        value = [at(one, [step]) for one in value] if isinstance(value, list) else value.get(step)
    return value


def text_of(value):
    if isinstance(value, bytes):
        return value.decode()
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, list):
        return [text_of(one) for one in value]
    return None if value is None or value != value else str(value).removesuffix(" 00:00:00")


STEPS = {"customer.id": ["customer", "id"], "customer.name": ["customer", "name"], "items[].sku": ["items", "sku"], '"odd name <b>|"': ["odd name <b>|"]}


def hold_croissant(folder, name, rows, is_flat, fields):
    dataset = mlcroissant.Dataset(jsonld=os.path.join(folder, "croissant.jsonld"))
    report = dataset.metadata.ctx.issues
    check(f"mlcroissant validates {name}", not report.errors and not report.warnings, report.report())
    loaded = list(dataset.records("records"))
    names = {field.id: field.name if isinstance(field.name, str) else field.name["en"] for field in dataset.metadata.record_sets[0].fields}
    check(f"mlcroissant loads as many records of {name}", len(loaded) == len(rows), (len(loaded), len(rows)))
    check(f"the fields of {name} are there", len(names) == fields, names)
    # What is nothing, pandas may leave out or write otherwise; tokens and texts stay.
    same = compared = 0
    for row, one in zip(rows, loaded):
        for field, value in one.items():
            path = names[field]
            want = row.get(path.strip('"')) if is_flat else at(row, STEPS.get(path, [path]))
            got = text_of(value)
            want = text_of(None if want == "" else want)
            compared += 1
            same += got == want or (got is not None and want is not None and not isinstance(got, list) and number(got) == number(want) is not None)
    check(f"the values of {name} are those of the file", same == compared and compared > 0, (same, compared))
    counts[f"values of {name}"] = compared
    check(f"the vocabulary of responsible AI of {name} is read", len(dataset.metadata.personal_sensitive_information) >= 4 and len(dataset.metadata.data_biases) >= 2)


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def cards(name, source, policy, out, ndjson=None, fields=9, extra=()):
    measure = [] if extra else ["--measure", f"{name}.measure.json"]
    lethe("batch", source, "-p", policy, "--keys", "keys.json", "--as-of", "2026-06-01T00:00:00Z", "-o", out, "--summary", f"{name}.json", "-q", *measure, *extra)
    folder = out if os.path.isdir(out) else os.path.dirname(out)
    lethe("card", f"{name}.json", out, "-p", policy, "--facts", "card.yaml", *measure, "-o", folder, "-q")
    read = lambda file: open(os.path.join(folder, file)).read()
    hold_contract(read("contract.odcs.yaml"), name)
    hold_card(read("README.md"), name)
    hold_events(read("openlineage.events"), name)
    check(f"no value ends a script in Croissant of {name}", "<" not in read("croissant.jsonld"))
    check(f"the summary of training data of {name} has twelve items", read("ab2013.md").count("\n## ") == 12)
    return folder


for folder in ["n", "c", "p", "z"]:
    os.mkdir(folder)
ndjson = lambda pattern: [json.loads(line) for file in sorted(glob.glob(pattern, recursive=True)) for line in open(file)]
folder = cards("ndjson", "in.ndjson", "list.yaml", "n/out.ndjson")
hold_croissant(folder, "ndjson", ndjson("n/out.ndjson"), False, 10)
folder = cards("csv", "in.csv", "flat.yaml", "c/out.csv")
hold_croissant(folder, "csv", list(csv.DictReader(open("c/out.csv", newline=""))), True, 9)
folder = cards("parquet", "in.ndjson", "list.yaml", "p/out.parquet")
hold_croissant(folder, "parquet", pyarrow.parquet.read_table("p/out.parquet").to_pylist(), False, 10)
folder = cards("gzip", "in.ndjson", "list.yaml", "z/out.ndjson.gz")
hold_croissant(folder, "gzip", [json.loads(line) for line in gzip.open("z/out.ndjson.gz", "rt")], False, 10)
folder = cards("data set", "in.ndjson", "list.yaml", "d", extra=["--partition-by", "at"])
rows = ndjson("d/**/*.ndjson")
dataset = mlcroissant.Dataset(jsonld="d/croissant.jsonld")
check("mlcroissant loads all records of a parted data set", len(list(dataset.records("records"))) == 1000)
print(", ".join(f"{what} {count}" for what, count in counts.items()))
sys.exit(1 if failed else 0)
