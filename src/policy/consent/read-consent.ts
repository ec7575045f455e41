/** Reads `consent:`: what of each record says that its subject agreed. */
import { entryOf, type MapNode, type TreeNode, toPlain } from '../document.ts'
import { checkTaxonomyKey, DATA_USES } from '../fideslang.ts'
import type { Path } from '../path.ts'
import type { PolicyConsent } from '../policy.ts'
import { type Findings, quote, type TextPosition } from '../problems.ts'
import { MIN_REASON, readPath } from '../read-rule.ts'
import type { ConsentForm } from './consent-answer.ts'
import { readerOfForm } from './consent-form.ts'
import { ConsentFormError } from './consent-package.ts'
import { type ConsentSourceShape, consentSchema } from './consent-schema.ts'

/** @param purpose of the policy. What does not fit the schema, the schema says. */
export function readConsent(
  node: TreeNode | undefined,
  purpose: string,
  findings: Findings,
): readonly PolicyConsent[] {
  const parsed = node && consentSchema.safeParse(toPlain(node))
  if (node === undefined || parsed?.success !== true) return []
  const shapes = [parsed.data].flat()
  const nodes = node.kind === 'list' ? node.items : [node]
  const said = new Set<string>()
  return nodes.flatMap((one, index) => {
    if (one.kind !== 'map') return []
    const read = readSource(one, shapes[index]!, purpose, findings)
    if (read === undefined) return []
    const text = `${read.from.text} ${read.form.kind}`
    if (said.has(text))
      findings.add(
        one.at,
        'bad-consent',
        `${quote(read.from.text)} is asked in the same form above`,
        'write one entry',
      )
    said.add(text)
    return [read]
  })
}

function readSource(
  node: MapNode,
  shape: ConsentSourceShape,
  purpose: string,
  findings: Findings,
): PolicyConsent | undefined {
  const at = (word: string): TextPosition => entryOf(node, word)?.value.at ?? node.at
  checkPurpose(shape.purpose, purpose, at('purpose'), findings)
  const accepted = readSilence(node, shape, findings)
  const when = entryOf(node, 'when')!.value
  const form = readForm(shape, when, findings)
  const from = readFrom(shape.from, form, shape.split, at('from'), findings)
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
      purpose: shape.purpose ?? purpose,
      from,
      fromAt: at('from'),
      form,
      split: shape.split,
      silence: shape.default ?? 'deny',
      accepted,
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

function readForm({ when }: ConsentSourceShape, node: TreeNode, findings: Findings): ConsentForm | undefined {
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
