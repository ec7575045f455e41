/**
 * From YAML text to a small tree with positions. Strict: YAML 1.2 core, one document, no anchors, aliases,
 * merge keys or tags, no key twice, nothing deeper than 64. The messages of the YAML library are not passed
 * on, because a file that is no policy may hold anything.
 */
import {
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  Parser,
  parseDocument,
  type YAMLParseError,
} from 'yaml'
import { type DocumentCode, type Findings, quote, type TextPosition } from './problems.ts'

export interface ScalarNode {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  /** As written: the text between quotes decoded, a number's digits. */
  readonly text: string
  readonly at: TextPosition
}
export interface MapNode {
  readonly kind: 'map'
  readonly entries: readonly MapEntry[]
  readonly at: TextPosition
}
export interface MapEntry {
  readonly key: string
  readonly at: TextPosition
  readonly value: TreeNode
}
export interface ListNode {
  readonly kind: 'list'
  readonly items: readonly TreeNode[]
  readonly at: TextPosition
}
export type TreeNode = ScalarNode | MapNode | ListNode

const MAX_DEPTH = 64
const TOP: TextPosition = { line: 1, column: 1 }

type DocumentFindings = Findings<DocumentCode>

/**
 * Reads one document. Undefined where it could not be read at all; then `findings` says why. With `hideKeys` it quotes
 * no key: in a file that names secrets, a key may be one that stands in the wrong place.
 */
export function readDocument(
  text: string,
  findings: DocumentFindings,
  { hideKeys = false }: { readonly hideKeys?: boolean } = {},
): TreeNode | undefined {
  const lines = new LineCounter()
  if (nestsTooDeep(text)) {
    findings.add(TOP, 'yaml-syntax', `the file nests more than ${MAX_DEPTH} deep`)
    return undefined
  }
  const before = findings.count
  const document = parseDocument(text, {
    lineCounter: lines,
    strict: true,
    uniqueKeys: false,
    version: '1.2',
    schema: 'core',
    merge: false,
    prettyErrors: false,
    logLevel: 'error',
  })
  let isBroken = false
  for (const error of [...document.errors].sort((a, b) => a.pos[0] - b.pos[0])) {
    const [code, message] = YAML_ERRORS[error.code] ?? ['yaml-syntax', NO_YAML]
    // One bracket or tab makes an error of every line below it.
    if (isBroken && FOLLOWS.has(code)) continue
    isBroken ||= FOLLOWS.has(code)
    findings.add(position(lines, error.pos[0]), code, message, suggestionFor(error))
  }
  if (document.directives?.yaml.explicit === true && document.directives.yaml.version !== '1.2')
    findings.add(TOP, 'yaml-syntax', 'only YAML 1.2 is read', 'remove the %YAML directive')
  if (findings.count > before) return undefined
  if (document.contents === null) {
    findings.add(TOP, 'yaml-syntax', 'the file is empty')
    return undefined
  }
  const tree = convert(document.contents, { lines, findings, hideKeys })
  return findings.count > before ? undefined : tree
}

const NO_YAML = 'this is not YAML that can be read'

/** The library's codes, in our words. */
const YAML_ERRORS: Readonly<Record<string, readonly [DocumentCode, string]>> = {
  TAB_AS_INDENT: ['yaml-tab', 'a tab is used to indent; YAML takes spaces only'],
  MULTIPLE_DOCS: ['yaml-documents', 'a second document begins here; a file holds one'],
  ALIAS_PROPS: ['yaml-alias', 'anchors and aliases are not taken'],
  BAD_ALIAS: ['yaml-alias', 'anchors and aliases are not taken'],
  MULTIPLE_ANCHORS: ['yaml-alias', 'anchors and aliases are not taken'],
  MULTIPLE_TAGS: ['yaml-tag', 'tags are not taken'],
  TAG_RESOLVE_FAILED: ['yaml-tag', 'tags are not taken'],
  BAD_DIRECTIVE: ['yaml-syntax', 'a %-directive cannot be read'],
  BAD_DQ_ESCAPE: ['yaml-syntax', 'an escape in a quoted text is none of YAML'],
  BAD_INDENT: ['yaml-syntax', 'the indentation does not fit what stands above'],
  BAD_SCALAR_START: ['yaml-syntax', 'a plain text cannot begin with this character; quote it'],
  BLOCK_AS_IMPLICIT_KEY: ['yaml-syntax', 'a mapping begins inside a line that is already one'],
  BLOCK_IN_FLOW: ['yaml-syntax', 'an indented block stands inside brackets or braces'],
  MISSING_CHAR: ['yaml-syntax', 'a bracket, brace, quote, comma, colon or space is missing'],
  MULTILINE_IMPLICIT_KEY: ['yaml-syntax', 'a key runs over more than one line; is a colon missing?'],
  KEY_OVER_1024_CHARS: ['yaml-syntax', 'a key is longer than 1024 characters'],
  UNEXPECTED_TOKEN: ['yaml-syntax', 'something stands here that does not belong'],
}

/** Of these, only the first is reported: it may have caused the others. */
const FOLLOWS: ReadonlySet<DocumentCode> = new Set(['yaml-syntax', 'yaml-tab'])

function suggestionFor({ code, message }: YAMLParseError): string | undefined {
  if (code === 'TAB_AS_INDENT') return 'indent with spaces'
  // The library has one code for both; its messages about brackets and braces begin with this.
  if (code === 'BAD_INDENT' && !message.startsWith('Flow'))
    return 'begin the line in the same column as the lines that belong beside it'
  return IN_FLOW.has(code) ? 'quote texts that hold [ ] { } , : or #' : undefined
}

/** What an unquoted path such as `items[].sku` causes within braces. */
const IN_FLOW: ReadonlySet<string> = new Set([
  'MISSING_CHAR',
  'UNEXPECTED_TOKEN',
  'BAD_INDENT',
  'BAD_SCALAR_START',
])

/** The library composes by recursion; deep input would end the process, so depth is measured first. */
function nestsTooDeep(text: string): boolean {
  const parser = new Parser()
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme)) {
      // Tokens are not needed: the parser's own stack is what tells the depth.
    }
    if (parser.stack.length > 2 * MAX_DEPTH) return true
  }
  return false
}

function position(lines: LineCounter, offset: number): TextPosition {
  const { line, col } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

interface Conversion {
  readonly lines: LineCounter
  readonly findings: DocumentFindings
  readonly hideKeys: boolean
}

function convert(node: Node | null, into: Conversion): TreeNode {
  const { lines, findings } = into
  const at = position(lines, node?.range?.[0] ?? 0)
  if (node === null) return { kind: 'scalar', value: null, text: '', at }
  if (node.tag !== undefined) findings.add(at, 'yaml-tag', 'tags are not taken')
  if ('anchor' in node && node.anchor !== undefined)
    findings.add(at, 'yaml-alias', 'anchors and aliases are not taken', 'write the value out')
  if (isMap(node)) return { kind: 'map', entries: convertEntries(node.items, into), at }
  if (isSeq(node)) return { kind: 'list', items: node.items.map((item) => convert(item as Node, into)), at }
  if (!isScalar(node)) {
    findings.add(at, 'yaml-alias', 'anchors and aliases are not taken', 'write the value out')
    return { kind: 'scalar', value: null, text: '', at }
  }
  const value = node.value as ScalarNode['value']
  return { kind: 'scalar', value, text: node.source ?? String(value), at }
}

function convertEntries(pairs: readonly { key: unknown; value: unknown }[], into: Conversion): MapEntry[] {
  const { findings } = into
  const entries: MapEntry[] = []
  const seen = new Set<string>()
  for (const pair of pairs) {
    const keyNode = convert(pair.key as Node | null, into)
    const value = convert(pair.value as Node | null, into)
    if (keyNode.kind !== 'scalar') {
      findings.add(keyNode.at, 'yaml-syntax', 'a key has to be plain text')
      continue
    }
    const { text: key, at } = keyNode
    if (key === '<<') findings.add(at, 'yaml-alias', 'merge keys are not taken', 'write the values out')
    if (seen.has(key))
      findings.add(at, 'duplicate-key', `the key ${into.hideKeys ? '' : `${quote(key)} `}is here twice`)
    seen.add(key)
    entries.push({ key, at, value })
  }
  return entries
}

/** The entry of `key`, where `node` is a mapping that has one. */
export function entryOf(node: TreeNode | undefined, key: string): MapEntry | undefined {
  return node?.kind === 'map' ? node.entries.find((entry) => entry.key === key) : undefined
}

/** The text of a scalar that is one; undefined for all else, which a schema refuses. */
export function textOf(node: TreeNode | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.text : undefined
}

/** The tree as plain values, for a schema. Objects have no prototype. */
export function toPlain(node: TreeNode): unknown {
  if (node.kind === 'scalar') return node.value
  if (node.kind === 'list') return node.items.map(toPlain)
  const object = Object.create(null) as Record<string, unknown>
  for (const { key, value } of node.entries) object[key] = toPlain(value)
  return object
}

/**
 * Reports numbers that a double does not hold as written: integers beyond 2^53, more than 15 digits otherwise.
 * `exempt` names keys below which numbers are taken by their text.
 */
export function checkNumbers(node: TreeNode, exempt: ReadonlySet<string>, findings: DocumentFindings): void {
  if (node.kind === 'list') for (const item of node.items) checkNumbers(item, exempt, findings)
  if (node.kind === 'map')
    for (const { key, value } of node.entries) if (!exempt.has(key)) checkNumbers(value, exempt, findings)
  if (node.kind !== 'scalar' || typeof node.value !== 'number' || !Number.isFinite(node.value)) return
  const digits = node.text.replace(/[eE].*$/, '').replace(/^[-+]?[0.]*|\./g, '')
  if (Number.isInteger(node.value) ? !Number.isSafeInteger(node.value) : digits.length > 15)
    findings.add(node.at, 'inexact-number', 'the number has more digits than can be held exactly', 'quote it')
}
