/** Files and fields of a data set as Croissant has them: what a program needs to load the records. */
import type { Segment } from '../policy/path.ts'
import type { ColumnType } from '../record/columns/column-tree.ts'
import type { Card } from './card.ts'
import type { CardField } from './card-fields.ts'
import type { CardedFile } from './carded-files.ts'
import { tellsOf } from './statements.ts'

type Node = Readonly<Record<string, unknown>>

const MEDIA: Readonly<Record<CardedFile['format'], string>> = {
  csv: 'text/csv',
  ndjson: 'application/jsonlines',
  json: 'application/json',
  parquet: 'application/x-parquet',
}
const mediaOf = ({ format, isTabbed }: CardedFile): string =>
  isTabbed ? 'text/tab-separated-values' : MEDIA[format]

/** Files of one form, which one set of records is made of. */
function groupsOf({ published }: Card): ReadonlyMap<string, readonly CardedFile[]> {
  const groups = new Map<string, CardedFile[]>()
  for (const file of published.files) {
    const media = mediaOf(file)
    groups.set(media, [...(groups.get(media) ?? []), file])
  }
  return groups
}

const escaped = (name: string): string => name.split('/').map(encodeURIComponent).join('/')
/** In a pattern, these stand for other characters. */
const asPattern = (name: string): string => name.replace(/[*?[]/g, '[$&]')

const setOf = (index: number, count: number): string => (count === 1 ? 'files' : `files-${index + 1}`)

/** Undefined where no file was named. */
export function croissantDistribution(card: Card): readonly Node[] | undefined {
  const { files } = card.published
  if (files.length === 0) return undefined
  const base = card.facts.files?.replace(/\/?$/, '/')
  const objects = files.map((file, index) => ({
    '@type': 'cr:FileObject',
    '@id': `file-${index + 1}`,
    name: file.name,
    contentUrl: base === undefined ? file.name : base + escaped(file.name),
    contentSize: `${file.bytes} B`,
    encodingFormat: mediaOf(file),
    sha256: file.sha256,
  }))
  const groups = groupsOf(card)
  const sets = [...groups].flatMap(([media, some], index) =>
    some.length === 1
      ? []
      : [
          {
            '@type': 'cr:FileSet',
            '@id': setOf(index, groups.size),
            name: setOf(index, groups.size),
            encodingFormat: media,
            includes: some.map(({ name }) => asPattern(name)),
          },
        ],
  )
  return [...objects, ...sets]
}

/** One set of records for each form of files; undefined where no file was named. */
export function croissantRecords(card: Card): readonly Node[] | undefined {
  const groups = groupsOf(card)
  // Of a change event the fields are those of the row, which stands in it twice.
  if (groups.size === 0 || card.run.batch?.inputForm.change !== undefined) return undefined
  return [...groups].map(([, files], index) => {
    const id = groups.size === 1 ? 'records' : `records-${index + 1}`
    const source: Node =
      files.length === 1
        ? { fileObject: { '@id': `file-${card.published.files.indexOf(files[0]!) + 1}` } }
        : { fileSet: { '@id': setOf(index, groups.size) } }
    const placed = card.fields.map((field, at) => [field, at, extractOf(card, field, files[0]!)] as const)
    const left = placed.filter(([, , extract]) => extract === undefined).map(([{ path }]) => path.text)
    return {
      '@type': 'cr:RecordSet',
      '@id': id,
      name: id,
      ...(left.length === 0
        ? {}
        : {
            description: `Not described as fields here, as Croissant loads no such values: ${left.join(', ')}.`,
          }),
      field: placed.flatMap(([field, at, extract]) =>
        extract === undefined ? [] : [fieldOf(field, `${id}/field-${at + 1}`, { ...source, ...extract })],
      ),
    }
  })
}

function fieldOf(field: CardField, id: string, source: Node): Node {
  const isArray = field.path.segments.some(({ kind }) => kind === 'element')
  return {
    '@type': 'cr:Field',
    '@id': id,
    name: field.path.text,
    description: `Tells ${tellsOf(field)}.`,
    dataType: dataTypeOf(field.type),
    ...(isArray ? { isArray: true, arrayShape: '-1' } : {}),
    source,
  }
}

function dataTypeOf(type: ColumnType | undefined): string {
  switch (type?.as) {
    case 'integer':
      return 'sc:Integer'
    case 'double':
    case 'decimal':
      return 'sc:Float'
    case 'boolean':
      return 'sc:Boolean'
    case 'date':
      return 'sc:Date'
    case 'timestamp':
      return 'sc:DateTime'
    default:
      return 'sc:Text'
  }
}

/** Where a value stands in a record; undefined where a loader would find none, or not all. */
function extractOf({ run, published }: Card, field: CardField, { format }: CardedFile): Node | undefined {
  const { path, column } = field
  if (path.envelope !== undefined || path.isPattern || path.tag !== undefined) return undefined
  if (published.partitionBy.includes(path.text)) return undefined
  if (format === 'csv') return { extract: { column } }
  const [first, ...rest] = path.segments
  if (first?.kind !== 'name' || format === 'json') return format === 'json' ? inArray(field) : undefined
  // A loader of lines finds columns in what is there.
  if (format === 'ndjson' && (!wasMet(run.account.rules, field) || isSubtree(field))) return undefined
  const [element, ...below] = rest
  const inner = element?.kind === 'element' ? below : rest
  const at = jsonPathOf(inner)
  if (at === undefined) return undefined
  return {
    extract: { column: first.name },
    ...(inner.length === 0 ? {} : { transform: { jsonPath: `$${at}` } }),
  }
}

function inArray({ path }: CardField): Node | undefined {
  const at = jsonPathOf(path.segments)
  return at === undefined ? undefined : { extract: { jsonPath: `$[*]${at}` } }
}

const isSubtree = ({ rules }: CardField): boolean => rules.some(({ use }) => use === 'keep.subtree')

function wasMet(rules: Card['run']['account']['rules'], { labels }: CardField): boolean {
  const own = rules.filter(({ rule }) => labels.includes(rule))
  return own.length === 0 || own.some(({ applied, null: nothing }) => applied + nothing > 0)
}

/** Members only; undefined where there is anything else, or a name that a path cannot hold. */
function jsonPathOf(segments: readonly Segment[]): string | undefined {
  let text = ''
  for (const segment of segments) {
    if (segment.kind !== 'name' || /['"\\]|\p{Cc}/u.test(segment.name)) return undefined
    text += /^[A-Za-z_]\w*$/.test(segment.name) ? `.${segment.name}` : `.'${segment.name}'`
  }
  return text
}
