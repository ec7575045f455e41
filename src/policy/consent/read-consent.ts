/** Reads `consent:`: what of each record says that its subject agreed. */
import type { Sources } from '../context.ts'
import { entryOf, type MapNode, type TreeNode, toPlain } from '../document.ts'
import { checkTaxonomyKey, DATA_USES } from '../fideslang.ts'
import type { Path } from '../path.ts'
import type { PolicyConsent, PolicyConsentTable } from '../policy.ts'
import { type Findings, quote, type TextPosition } from '../problems.ts'
import { MIN_REASON, readPath } from '../read-rule.ts'
import { toNormalForm } from '../suppression/normal-forms.ts'
import type { ConsentForm } from './consent-answer.ts'
import { readerOfForm } from './consent-form.ts'
import { ConsentFormError } from './consent-package.ts'
import { type ConsentSourceShape, type ConsentWhenShape, consentSchema } from './consent-schema.ts'

export interface ReadConsent {
  readonly consent: readonly PolicyConsent[]
  readonly consentTables: readonly PolicyConsentTable[]
}

/**
 * @param purpose of the policy. What does not fit the schema, the schema says
 * @param hasTime whether the policy names an event time, by which tables are asked
 */
export function readConsent(
  node: TreeNode | undefined,
  purpose: string,
  hasTime: boolean,
  sources: Sources,
  findings: Findings,
): ReadConsent {
  const parsed = node && consentSchema.safeParse(toPlain(node))
  if (node === undefined || parsed?.success !== true) return { consent: [], consentTables: [] }
  const shapes = [parsed.data].flat()
  const nodes = node.kind === 'list' ? node.items : [node]
  const consent: PolicyConsent[] = []
  const consentTables: PolicyConsentTable[] = []
  const said = new Set<string>()
  const isNew = (one: MapNode, asked: string, text: string): boolean => {
    if (said.has(text))
      findings.add(
        one.at,
        'bad-consent',
        `${quote(asked)} is asked in the same form above`,
        'write one entry',
      )
    return said.size < said.add(text).size
  }
  for (const [index, one] of nodes.entries()) {
    if (one.kind !== 'map' || !fitsTogether(one, findings)) continue
    const shape = shapes[index]!
    if (shape.table === undefined) {
      const read = readSource(one, shape, purpose, findings)
      if (read !== undefined && isNew(one, read.from.text, `${read.from.text} ${read.form.kind}`))
        consent.push(read)
    } else {
      const read = readTable(one, shape.table, shape, purpose, sources, findings)
      if (read === undefined || !isNew(one, read.table, `table ${read.table} ${read.by.text}`)) continue
      if (!hasTime)
        findings.add(
          one.at,
          'needs-time',
          'a table of consent is asked for the time of the event, and the policy names none',
          'add `time:` at the top',
        )
      consentTables.push(read)
    }
  }
  return { consent, consentTables }
}

/** An entry says where the event answers, or which table does. */
function fitsTogether(node: MapNode, findings: Findings): boolean {
  const isTable = entryOf(node, 'table') !== undefined
  const needed = isTable ? ['by'] : ['from', 'when']
  const others = isTable ? ['from', 'when', 'split'] : ['by', 'normalize']
  const missing = needed.find((word) => entryOf(node, word) === undefined)
  const wrong = others.map((word) => entryOf(node, word)).find((entry) => entry !== undefined)
  if (missing !== undefined)
    findings.add(
      node.at,
      'bad-consent',
      `the key ${quote(missing)} is missing`,
      'from and when: what the event says; or table and by: a table of consent',
    )
  if (wrong !== undefined)
    findings.add(
      wrong.at,
      'bad-consent',
      isTable
        ? `${quote(wrong.key)} is of what an event says, and here a table is asked`
        : `${quote(wrong.key)} is of tables`,
      'write two entries: both must allow',
    )
  return missing === undefined && wrong === undefined
}

/** What entries of both kinds say, and where a word of this one stands. */
function readCommon(node: MapNode, shape: ConsentSourceShape, purpose: string, findings: Findings) {
  const at = (word: string): TextPosition => entryOf(node, word)?.value.at ?? node.at
  checkPurpose(shape.purpose, purpose, at('purpose'), findings)
  const accepted = readSilence(node, shape, findings)
  return { at, purpose: shape.purpose ?? purpose, silence: shape.default ?? 'deny', accepted } as const
}

function readTable(
  node: MapNode,
  table: string,
  shape: ConsentSourceShape,
  purpose: string,
  sources: Sources,
  findings: Findings,
): PolicyConsentTable | undefined {
  const { at, ...common } = readCommon(node, shape, purpose, findings)
  const by = readPath(shape.by!, at('by'), findings)
  if (by === undefined) return undefined
  if (by.envelope !== undefined || by.segments.some(({ kind }) => kind !== 'name')) {
    findings.add(at('by'), 'bad-path', `${quote(by.text)} is not one value of the record`)
    return undefined
  }
  const normalize = shape.normalize ?? 'trim'
  return {
    at: node.at,
    ...common,
    table,
    by,
    byAt: at('by'),
    normalize,
    toNormal: toNormalForm(normalize, sources),
  }
}

function readSource(
  node: MapNode,
  shape: ConsentSourceShape,
  purpose: string,
  findings: Findings,
): PolicyConsent | undefined {
  const { at, ...common } = readCommon(node, shape, purpose, findings)
  const when = entryOf(node, 'when')!.value
  const form = readForm(shape.when!, when, findings)
  const from = readFrom(shape.from!, form, shape.split, at('from'), findings)
  if (form === undefined || from === undefined) return undefined
  const isList = form.kind === 'lists' || form.kind === 'lacks'
  if (shape.split !== undefined && !isList)
    findings.add(
      at('split'),
      'bad-consent',
      '`split` parts a list of categories, and here is none',
      'remove split',
    )
  try {
    return {
      at: node.at,
      ...common,
      from,
      fromAt: at('from'),
      form,
      split: shape.split,
      read: readerOfForm(form, shape.split),
    }
  } catch (error) {
    if (!(error instanceof ConsentFormError)) throw error
    findings.add(when.at, 'bad-consent', error.message, error.suggestion)
    return undefined
  }
}

/** Consent to a purpose is none to another one, unless that lies below it. */
function checkPurpose(
  stated: string | undefined,
  purpose: string,
  at: TextPosition,
  findings: Findings,
): void {
  if (stated === undefined || stated === purpose) return
  const { ok, near } = checkTaxonomyKey(stated, DATA_USES)
  if (!ok)
    findings.add(
      at,
      'unknown-purpose',
      `${quote(stated)} is not a data use of Fideslang, nor below one`,
      near === undefined ? 'e.g. train_ai_system' : `did you mean \`${near}\`?`,
    )
  else if (!purpose.startsWith(`${stated}.`))
    findings.add(
      at,
      'bad-consent',
      `consent to ${quote(stated)} does not cover the purpose of the policy, ${quote(purpose)}`,
      'state a consent that was given for that purpose, or for a wider one',
    )
}

/** Silence is no consent, unless a person says in writing why it may be taken for it. */
function readSilence(node: MapNode, shape: ConsentSourceShape, findings: Findings): string | undefined {
  const accept = entryOf(node, 'accept')
  if (shape.default === 'allow' && accept === undefined)
    findings.add(
      entryOf(node, 'default')!.value.at,
      'bad-consent',
      'silence is taken for consent',
      'default: deny, or add accept: "the reason"',
    )
  else if (shape.default !== 'allow' && accept !== undefined)
    findings.add(
      accept.at,
      'accept-without-need',
      'silence denies here, so there is nothing to accept',
      'remove accept',
    )
  else if (accept !== undefined && shape.accept!.trim().length < MIN_REASON)
    findings.add(accept.value.at, 'bad-accept', `a reason has at least ${MIN_REASON} characters`)
  return shape.accept?.trim()
}

function readForm(when: ConsentWhenShape, node: TreeNode, findings: Findings): ConsentForm | undefined {
  if (Object.keys(when).length !== 1) {
    findings.add(
      node.at,
      'bad-consent',
      'it is not said what allows, or in several ways',
      'exactly one of is, lists, lacks, tcf and gpp; several conditions are several entries',
    )
    return undefined
  }
  const { is, lists, lacks, tcf, gpp } = when
  if (is !== undefined) return { kind: 'is', values: textsIn(entryOf(node, 'is')!.value) }
  if (lists !== undefined) return { kind: 'lists', names: [lists].flat() }
  if (lacks !== undefined) return { kind: 'lacks', names: [lacks].flat() }
  if (tcf !== undefined) return { kind: 'tcf', purposes: tcf.purposes, vendor: tcf.vendor }
  const { section, fields } = gpp!
  if (Object.keys(fields).length === 0) {
    findings.add(node.at, 'bad-consent', 'no field of GPP is asked', 'fields: { SaleOptOut: 2 }')
    return undefined
  }
  return {
    kind: 'gpp',
    section,
    fields: new Map(Object.entries(fields).map(([field, values]) => [field, [values].flat()])),
  }
}

/** Scalars as they are written: numbers keep their digits. */
const textsIn = (node: TreeNode): string[] =>
  (node.kind === 'list' ? node.items : [node]).flatMap((item) =>
    item.kind !== 'scalar' ? [] : [typeof item.value === 'boolean' ? String(item.value) : item.text],
  )

/** The value, or the elements of one list. */
function readFrom(
  text: string,
  form: ConsentForm | undefined,
  split: string | undefined,
  at: TextPosition,
  findings: Findings,
): Path | undefined {
  const path = readPath(text, at, findings)
  if (path === undefined) return undefined
  const bad = (why: string, way?: string): undefined => findings.add(at, 'bad-path', why, way) as undefined
  const others = path.segments.slice(0, -1)
  const last = path.segments.at(-1)?.kind
  if (path.envelope !== undefined || others.some(({ kind }) => kind !== 'name'))
    return bad(`${quote(path.text)} is neither one value of the record nor one list in it`)
  if (last !== 'name' && last !== 'element')
    return bad(
      `${quote(path.text)} is a map: name the member`,
      'context.consent.categoryPreferences.Advertising',
    )
  const isList = form?.kind === 'lists' || form?.kind === 'lacks'
  if (last === 'element' && form !== undefined && !isList)
    return bad(`${quote(path.text)} is a list, and ${quote(form.kind)} takes one value`, 'lists, or lacks')
  if (last === 'name' && isList && split === undefined)
    return bad(
      `${quote(path.text)} is one value, and ${quote(form.kind)} takes a list`,
      `${path.text}[], or split: "," where the list is written as one text`,
    )
  return path
}
