"""The files of `npm run proof:parquet`: parquet-files.py NODE LETHE FILES SEED, in a folder of its own."""
import base64
import datetime
import decimal
import json
import os
import random
import shutil
import struct
import subprocess
import sys

import duckdb
import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq

NODE, LETHE, FILES, SEED = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
WIDTHS = {'ns': 1, 'us': 1000, 'ms': 10**6}
KINDS = ['i8', 'i64', 'u32', 'u64', 'dec5', 'dec15', 'dec30', 'ns', 'us', 'ms', 'date', 'time', 'text', 'bytes',
         'f64', 'f32', 'bool', 'fixed']


def fraction(nanos):
    if nanos == 0:
        return ''
    for digits, unit in ((3, 10**6), (6, 1000)):
        if nanos % unit == 0:
            return f'.{nanos // unit:0{digits}}'
    return f'.{nanos:09}'


def stamp(nanos, is_utc):
    seconds, rest = divmod(nanos, 10**9)
    text = (datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=seconds)).isoformat()
    return text + fraction(rest) + ('Z' if is_utc else '')


class Exact(str):
    """A number by its text."""


class Real(float):
    """A number by its value; of `single` as one of 32 bits."""

    single = False


class Single(Real):
    single = True


def scalar(r):
    """A type, what makes values of it, and what Lethe writes of one."""
    kind = r.choice(KINDS)
    if kind == 'i8':
        return pa.int8(), lambda: r.randint(-128, 127), lambda v: Exact(v)
    if kind == 'i64':
        return pa.int64(), lambda: r.choice([r.randint(-2**63, 2**63 - 1), r.randint(-9, 9)]), lambda v: Exact(v)
    if kind == 'u32':
        return pa.uint32(), lambda: r.randint(0, 2**32 - 1), lambda v: Exact(v)
    if kind == 'u64':
        return pa.uint64(), lambda: r.randint(0, 2**64 - 1), lambda v: Exact(v)
    if kind.startswith('dec'):
        precision = int(kind[3:])
        scale = r.randint(0, precision - 1)
        most = 10**precision - 1
        context = decimal.Context(prec=60)
        return (pa.decimal128(precision, scale),
                lambda: decimal.Decimal(r.randint(-most, most)).scaleb(-scale, context),
                lambda v: Exact(format(v, 'f')))
    if kind in WIDTHS:
        zone = r.choice([None, 'UTC'])
        most = {'ns': 2**62, 'us': 6 * 10**16, 'ms': 6 * 10**13}[kind]
        return (pa.timestamp(kind, tz=zone), lambda: r.randint(-most, most),
                lambda v: stamp(v * WIDTHS[kind], zone is not None))
    if kind == 'date':
        return pa.date32(), lambda: datetime.date(r.randint(1, 9999), r.randint(1, 12), r.randint(1, 28)), str
    if kind == 'time':
        return (pa.time64('us'),
                lambda: datetime.time(r.randint(0, 23), r.randint(0, 59), r.randint(0, 59), r.choice([0, 5000, 123456])),
                lambda v: v.strftime('%H:%M:%S') + fraction(v.microsecond * 1000))
    if kind == 'text':
        return pa.string(), lambda: ''.join(r.choice('aé"\\\n\t😀\x01 z,') for _ in range(r.randint(0, 9))), str
    if kind == 'f64':
        return (pa.float64(),
                lambda: r.choice([r.random(), r.random() * 1e300, r.random() * -1e-300, float(r.randint(-5, 5))]), Real)
    if kind == 'f32':
        return (pa.float32(),
                lambda: struct.unpack('f', struct.pack('f', r.choice([r.random(), r.random() * 1e30, 0.1])))[0], Single)
    if kind == 'bool':
        return pa.bool_(), lambda: r.random() < 0.5, bool
    length = 16 if kind == 'fixed' else -1
    return (pa.binary(length), lambda: r.randbytes(16 if kind == 'fixed' else r.randint(0, 5)),
            lambda v: base64.b64encode(v).decode())


def maybe(r, may_miss, make):
    return None if may_miss and r.random() < 0.2 else make()


def told(value, tell):
    return None if value is None else tell(value)


def nested(r, depth):
    choice = r.random()
    if depth == 0 or choice < 0.45:
        return scalar(r)
    if choice < 0.65:
        item, make, tell = nested(r, depth - 1)
        may = r.random() < 0.7
        return (pa.list_(pa.field('element', item, nullable=may)),
                lambda: [maybe(r, may, make) for _ in range(r.randint(0, 4))],
                lambda v: [told(one, tell) for one in v])
    if choice < 0.85:
        members = [(f'm{i}', *nested(r, depth - 1), r.random() < 0.7) for i in range(r.randint(1, 3))]
        return (pa.struct([pa.field(name, of, nullable=may) for name, of, _, _, may in members]),
                lambda: {name: maybe(r, may, make) for name, _, make, _, may in members},
                lambda v: {name: told(v[name], tell) for name, _, _, tell, _ in members})
    item, make, tell = nested(r, depth - 1)
    return (pa.map_(pa.string(), item),
            lambda: [(f'k{i}', maybe(r, True, make)) for i in range(r.randint(0, 3))],
            lambda v: {key: told(one, tell) for key, one in v})


def same(made, wanted):
    if isinstance(wanted, Real):
        if not isinstance(made, Exact):
            return False
        if wanted.single:
            return struct.pack('f', float(made)) == struct.pack('f', wanted)
        return float(made) == float(wanted)
    if isinstance(wanted, dict):
        return isinstance(made, dict) and made.keys() == wanted.keys() and all(same(made[k], wanted[k]) for k in wanted)
    if isinstance(wanted, list):
        return isinstance(made, list) and len(made) == len(wanted) and all(map(same, made, wanted))
    return type(made) is type(wanted) and made == wanted


def paths(path, of):
    """The rules that keep all leaves below a column."""
    if pa.types.is_list(of):
        return paths(f'{path}[]', of.value_type)
    if pa.types.is_struct(of):
        return [rule for field in of for rule in paths(f'{path}.{field.name}', field.type)]
    if pa.types.is_map(of):
        names = f'  "{path}.$names": {{ use: keep, accept: "all of it is made up" }}'
        return [*paths(f'{path}.*', of.item_type), names]
    return [f'  "{path}": keep']


def listed(column):
    try:
        return column.to_pylist()
    except ValueError:
        # Of nanoseconds Python has no type; Lethe reads them back below.
        return None


def rewritten_differs(columns, table, compression):
    """What pyarrow and DuckDB find in the Parquet that Lethe makes of a file, where all its leaves are kept."""
    rules = '\n'.join(rule for name, of, *_ in columns for rule in paths(name, of))
    with open('leaves.yaml', 'w') as file:
        file.write(f'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n{rules}\n')
    args = [NODE, LETHE, 'batch', 'in.parquet', '-p', 'leaves.yaml', '-o', 'out.parquet', '-q', '--workers', '1',
            '--parquet-compression', compression]
    ended = subprocess.run(args, capture_output=True, text=True)
    if ended.returncode != 0:
        return ended.stderr
    made = pq.ParquetFile('out.parquet')
    back = made.read()
    for name, of, *_ in columns:
        if listed(back[name]) != listed(table[name]):
            return f'{name}: {of}: other values in Parquet, as pyarrow reads it'
        if not pa.types.is_nested(of) and back.schema.field(name).type != of:
            return f'{name}: {of}: became {back.schema.field(name).type}'
    for group in range(made.metadata.num_row_groups):
        for at in range(made.metadata.num_columns):
            column = made.metadata.row_group(group).column(at)
            if column.statistics is not None or column.has_column_index:
                return f'{column.path_in_schema}: bounds of kept values can be read'
    # Both ways, each row as often as it is there.
    for one, other in (('in', 'out'), ('out', 'in')):
        sql = f"SELECT count(*) FROM (SELECT * FROM '{one}.parquet' EXCEPT ALL SELECT * FROM '{other}.parquet')"
        if duckdb.sql(sql).fetchall() != [(0,)]:
            return 'other rows in Parquet, as DuckDB reads it'
    return None


KEPT_AGES, OLD_AGES = (70, 80, 90), (110, 130, 150)
NOW = datetime.datetime.now(datetime.timezone.utc)


def lethe(*args):
    ended = subprocess.run([NODE, LETHE, *args], capture_output=True, text=True)
    return None if ended.returncode == 0 else f'{args[0]} {args[1]}: {ended.returncode}: {ended.stderr}'


def form(file):
    """What a footer says beside rows."""
    made = pq.ParquetFile(file)
    column = made.metadata.row_group(0).column(0) if made.metadata.num_row_groups > 0 else None
    return made.schema_arrow, made.metadata.metadata, column and column.compression


def retained_differs(r, columns, table, compression):
    """What pyarrow and DuckDB find in Parquet, and in a data set of it, once Lethe has deleted rows that are too old."""
    rows = table.num_rows
    ages = [r.choice(KEPT_AGES + OLD_AGES) for _ in range(rows)]
    at = [(NOW - datetime.timedelta(days=age)).strftime('%Y-%m-%dT12:00:00Z') for age in ages]
    kinds = [r.choice('abc') for _ in range(rows)]
    dated = table.append_column('at', pa.array(at)).append_column('kind', pa.array(kinds))
    pq.write_table(dated, 'dated.parquet', row_group_size=r.choice([5, 100, 10**6]))
    rules = '\n'.join(rule for name, of, *_ in columns for rule in paths(name, of))
    with open('dated.yaml', 'w') as file:
        file.write('policy: p\nversion: 1\npurpose: train_ai_system\ntime: at\nfields:\n'
                   '  at: { use: generalize.date, to: day }\n  kind: keep\n' + rules +
                   '\nretention: { steps: [{ after: 100d, then: suppress }] }\n')
    shutil.rmtree('set', ignore_errors=True)
    # When none of them was too old.
    then = (NOW - datetime.timedelta(days=60)).strftime('%Y-%m-%dT00:00:00Z')
    batch = ['batch', 'dated.parquet', '-p', 'dated.yaml', '--as-of', then, '-q', '--workers', '1',
             '--parquet-compression', compression]
    retain = ['-p', 'dated.yaml', '--no-holds', '-o', 'order.json', '--max-delete', '100%']
    for make in ([*batch, '-o', 'stored.parquet'],
                 [*batch, '-o', 'set', '--partition-by', 'kind', '--output-format', 'parquet']):
        why = lethe(*make)
        if why is not None:
            return why
    before = form('stored.parquet')
    for target in ('stored.parquet', 'set'):
        why = lethe('retain', 'run', target, *retain)
        if why is not None:
            return why
    kept = [n for n, age in enumerate(ages) if age in KEPT_AGES]
    wanted = dated.take(pa.array(kept, pa.int64())).drop_columns(['at'])
    if not kept:
        return 'it is there, and nothing was to be left' if os.path.exists('stored.parquet') else None
    if form('stored.parquet') != before:
        return 'another schema, metadata or compression behind retention'
    back = pq.read_table('stored.parquet')
    for name in wanted.column_names:
        if listed(back[name]) != listed(wanted[name]):
            return f'{name}: other values behind retention, as pyarrow reads it'
    parted = ds.dataset('set', format='parquet', partitioning='hive').to_table()
    if sorted(parted['kind'].to_pylist()) != sorted(wanted['kind'].to_pylist()):
        return 'other rows of the data set behind retention, as pyarrow reads it'
    names = ', '.join(f'"{name}"' for name in wanted.column_names)
    whole = f"SELECT {names} FROM 'stored.parquet'"
    parts = f"SELECT {names} FROM read_parquet('set/*/*.parquet', hive_partitioning = true, union_by_name = true)"
    for one, other in ((whole, parts), (parts, whole)):
        if duckdb.sql(f'SELECT count(*) FROM ({one} EXCEPT ALL {other})').fetchall() != [(0,)]:
            return 'other rows of the data set behind retention, as DuckDB reads it'
    with open('set/_manifest.json') as file:
        manifest = json.load(file)
    gone = sum(one.get('deleted', 0) for one in manifest['files'] + manifest.get('gone', []))
    if (manifest['records'], gone) != (len(kept), rows - len(kept)):
        return f"the manifest has {manifest['records']} records and {gone} that went"
    return None


def differs(seed):
    r = random.Random(seed)
    columns = [(f'c{i}', *nested(r, 3), r.random() < 0.7) for i in range(4)]
    count = r.choice([1, 7, 300, 3000])
    data = {name: [maybe(r, may, make) for _ in range(count)] for name, _, make, _, may in columns}
    schema = pa.schema([pa.field(name, of, nullable=may) for name, of, _, _, may in columns])
    table = pa.Table.from_pydict(data, schema=schema)
    pq.write_table(
        table,
        'in.parquet',
        compression=r.choice(['snappy', 'zstd', 'gzip', 'none', 'lz4', 'brotli']),
        use_dictionary=r.random() < 0.6,
        data_page_version=r.choice(['1.0', '2.0']),
        data_page_size=r.choice([100, 1000, 10**6]),
        row_group_size=r.choice([5, 100, 10**6]),
        write_page_checksum=r.random() < 0.5,
    )
    fields = ''.join(f'  {name}: {{ use: keep.subtree, accept: "all of it is made up" }}\n' for name, *_ in columns)
    with open('policy.yaml', 'w') as file:
        file.write(f'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n{fields}')
    why = rows_differ('in.parquet', columns, data, count)
    if why is not None:
        return why
    why = rewritten_differs(columns, table, r.choice(['snappy', 'zstd', 'none']))
    why = why or rows_differ('out.parquet', columns, data, count)
    why = why or retained_differs(r, columns, table, r.choice(['snappy', 'zstd', 'none']))
    return why or typed_differs(r)


def rows_differ(parquet, columns, data, count):
    """What Lethe reads, beside what pyarrow was given."""
    args = [NODE, LETHE, 'batch', parquet, '-p', 'policy.yaml', '-o', 'out.ndjson', '-q', '--workers', '1']
    ended = subprocess.run(args, capture_output=True, text=True)
    if ended.returncode != 0:
        return ended.stderr
    with open('out.ndjson') as file:
        made = [json.loads(line, parse_int=Exact, parse_float=Exact) for line in file]
    if len(made) != count:
        return f'{len(made)} rows of {count}'
    for at, row in enumerate(made):
        for name, of, _, tell, _ in columns:
            if not same(row[name], told(data[name][at], tell)):
                return f'{parquet}, row {at + 1}, {name}: {of}'
    return None


TYPED = {
    'n': ('integer', pa.int64(), lambda r: r.choice([r.randint(-2**63, 2**63 - 1), r.randint(-9, 9)]), str),
    'x': ('number', pa.float64(), lambda r: r.choice([r.random() * 1e9, float(r.randint(-5, 5)), -1e-300]), repr),
    'd': ('decimal(12,3)', pa.decimal128(12, 3), lambda r: decimal.Decimal(r.randint(-10**11, 10**11)).scaleb(-3),
          lambda v: format(v.normalize(), 'f')),
    'big': ('decimal(38,2)', pa.decimal128(38, 2),
            lambda r: decimal.Decimal(r.randint(-10**37, 10**37)).scaleb(-2, decimal.Context(prec=60)),
            lambda v: format(v, 'f')),
    'ok': ('boolean', pa.bool_(), lambda r: r.random() < 0.5, lambda v: str(v).lower()),
    'day': ('date', pa.date32(), lambda r: datetime.date(r.randint(1, 9999), r.randint(1, 12), r.randint(1, 28)), str),
    'at': ('timestamp', pa.timestamp('us', tz='UTC'),
           lambda r: datetime.datetime.fromtimestamp(r.randint(0, 2 * 10**9), datetime.timezone.utc)
           .replace(microsecond=r.choice([0, 500000, 123456])), lambda v: v.isoformat()),
    'word': ('string', pa.string(), lambda r: r.choice(['a', 'é', '007', 'true', '12']), str),
}


def typed_differs(r):
    """What pyarrow and DuckDB find in the Parquet that Lethe makes of CSV and JSON under `type:` and `statistics:`."""
    count = r.choice([1, 30, 2000])
    data = {name: [maybe(r, True, lambda: make(r)) for _ in range(count)] for name, (_, _, make, _) in TYPED.items()}
    shown = {name for name in TYPED if r.random() < 0.5}
    texts = {name: [told(value, TYPED[name][3]) for value in data[name]] for name in TYPED}
    with open('typed.csv', 'w') as file:
        file.write(','.join(TYPED) + '\n')
        for at in range(count):
            file.write(','.join(texts[name][at] or '' for name in TYPED) + '\n')
    with open('typed.ndjson', 'w') as file:
        for at in range(count):
            # Each as JSON has it, or as a text.
            bare = ('n', 'x', 'd', 'big', 'ok') if r.random() < 0.5 else ()
            row = (f'{json.dumps(name)}:{texts[name][at] if name in bare and texts[name][at] else json.dumps(texts[name][at])}'
                   for name in TYPED)
            file.write('{' + ','.join(row) + '}\n')
    said = ', statistics: true, accept: "all of it is made up"'
    rules = '\n'.join(f"  {name}: {{ use: keep, type: '{TYPED[name][0]}'{said if name in shown else ''} }}" for name in TYPED)
    with open('typed.yaml', 'w') as file:
        file.write(f'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n{rules}\n')
    schema = pa.schema([(name, of) for name, (_, of, _, _) in TYPED.items()])
    wanted = pa.Table.from_pydict(data, schema=schema)
    for source in ('typed.csv', 'typed.ndjson', 'first.parquet'):
        why = lethe('batch', source, '-p', 'typed.yaml', '-o', 'typed.parquet', '-q', '--workers', '1')
        if why is not None:
            return f'{source}: {why}'
        back = pq.read_table('typed.parquet')
        if not back.schema.equals(schema):
            return f'{source}: the schema is {back.schema}'
        for name in TYPED:
            if listed(back[name]) != listed(wanted[name]):
                return f'{source}, {name}: other values under a type, as pyarrow reads it'
        why = bounds_differ(data, shown)
        if why is not None:
            return f'{source}, {why}'
        os.replace('typed.parquet', 'first.parquet')
    return None


def bounds_differ(data, shown):
    made = pq.ParquetFile('typed.parquet').metadata
    duck = {row[0]: row[1:] for row in duckdb.sql(
        "SELECT path_in_schema, stats_min_value, stats_max_value FROM parquet_metadata('typed.parquet')").fetchall()}
    for at in range(made.num_columns):
        column = made.row_group(0).column(at)
        name = column.path_in_schema
        values = [one for one in data[name] if one is not None]
        found = column.statistics
        has = found is not None and found.has_min_max
        if name not in shown:
            if found is not None or column.has_column_index or duck[name] != (None, None):
                return f'{name}: bounds of kept values can be read'
        elif has if name == 'big' else values and not has:
            # Decimals of more than 18 digits have none.
            return f'{name}: bounds are there, or not, against what is said'
        elif has and name != 'word' and (found.min, found.max) != (min(values), max(values)):
            return f'{name}: bounds are {found.min} and {found.max}'
        elif has and duck[name] == (None, None):
            return f'{name}: DuckDB finds no bounds'
    # A reader that skips by bounds finds what one finds that reads all.
    for name in ('n', 'day', 'at', 'word', 'd'):
        for value in [one for one in data[name] if one is not None][:3]:
            rows = duckdb.execute(f"SELECT count(*) FROM 'typed.parquet' WHERE \"{name}\" = ?", [value]).fetchall()[0][0]
            if rows != sum(one == value for one in data[name]):
                return f'{name}: DuckDB finds {rows} rows of a value'
    return None


failed = 0
for seed in range(SEED, SEED + FILES):
    why = differs(seed)
    if why is not None:
        failed += 1
        print(f'FAILS: seed {seed}: {why}')
print(f'{FILES - failed} of {FILES} files hold what pyarrow wrote')
sys.exit(1 if failed else 0)
