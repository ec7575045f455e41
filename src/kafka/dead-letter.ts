/**
 * What stands in a dead-letter topic: dead letters, and the markers of those that were replayed. Both hold coordinates and
 * codes, never a value or key. A marker stands in the partition of its dead letter, so behind it, and no deletion of old
 * records takes the marker first.
 */
import type { LetterSubject } from '../engine/letter-subject.ts'
import type { InputRecord, OutputRecord, Position } from './record.ts'
import { POLICY_HEADER } from './source-header.ts'

/** On markers only: the offset of the dead letter, in the marker's own partition. */
export const REPLAYED_HEADER = 'lethe-replayed'

/** Which route of which pipeline left a record out. */
export interface LetterOwner {
  readonly pipeline: string
  readonly route: string
}

export interface RouteDeadLetter extends Position {
  readonly code: string
  /** The rule that could not take its value, where one could not. */
  readonly rule?: string | undefined
  /** `name@version#fingerprint`. */
  readonly policy: string
  /** Undefined in those of 0.1.0, which name neither. */
  readonly owner: LetterOwner | undefined
}

/** The value of a record in a dead-letter topic. `forms/dead-letters.ts` has its form. */
export interface TopicDeadLetter {
  readonly v: 1
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly code: string
  readonly rule?: string
  /** `name@version#fingerprint`. */
  readonly policy: string
  /** Which route left the record out; 0.1.0 did not say. */
  readonly pipeline?: string
  readonly route?: string
  /** Whose the record was, where the original is there and match keys are given. */
  readonly subject?: LetterSubject
  /** The record, as an age file in base64. */
  readonly sealed?: string
}

/** The value of a dead letter's record. */
export function topicLetter({
  topic,
  partition,
  offset,
  code,
  rule,
  policy,
  owner,
}: RouteDeadLetter): TopicDeadLetter {
  const named = rule === undefined ? {} : { rule }
  return { v: 1, topic, partition, offset, code, ...named, policy, ...owner }
}

/** One record of a dead-letter topic: where it stands, in the partition of the topic. */
export interface LetterPlace {
  readonly partition: number
  readonly offset: number
}

/** A dead letter that was replayed: where it stands, of which record it is, and what that record became. */
export interface Replayed {
  readonly letter: LetterPlace
  readonly source: Position
  readonly became: 'publish' | 'suppress' | 'tombstone' | 'dead-letter'
}

/** The marker of a dead letter: a record of its own. `policy`: the one that it was replayed by. */
export function markerOf(
  deadLetterTopic: string,
  { letter, source: { topic, partition, offset }, became }: Replayed,
  policy: string,
): OutputRecord {
  return {
    topic: deadLetterTopic,
    partition: letter.partition,
    key: null,
    value: Buffer.from(
      JSON.stringify({ v: 1, replayed: letter.offset, topic, partition, offset, became, policy }),
    ),
    headers: [{ [REPLAYED_HEADER]: String(letter.offset) }, { [POLICY_HEADER]: policy }],
    timestamp: undefined,
  }
}

export const isMarker = ({ headers }: Pick<InputRecord, 'headers'>): boolean =>
  headers?.some(({ name }) => name === REPLAYED_HEADER) ?? false

export type LetterRecord =
  | { readonly kind: 'letter'; readonly letter: RouteDeadLetter }
  /** `letter`: the offset of the dead letter that it is of. */
  | { readonly kind: 'marker'; readonly letter: number }
  /** Lethe did not write it, or another form of it. */
  | { readonly kind: 'foreign' }
  /** It calls itself a marker and does not say of what. */
  | { readonly kind: 'unreadable-marker' }

const FOREIGN: LetterRecord = { kind: 'foreign' }

/** Reads a record of a dead-letter topic. */
export function readLetterRecord({ headers, value }: Pick<InputRecord, 'headers' | 'value'>): LetterRecord {
  const marker = headers?.find(({ name }) => name === REPLAYED_HEADER)
  if (marker !== undefined) {
    const text = Buffer.from(marker.value).toString('latin1')
    const letter = Number(text)
    return /^\d{1,16}$/.test(text) && Number.isSafeInteger(letter)
      ? { kind: 'marker', letter }
      : { kind: 'unreadable-marker' }
  }
  const isOurs = headers?.some(({ name }) => name === POLICY_HEADER) ?? false
  if (!isOurs || value === null) return FOREIGN
  const letter = readLetter(value)
  return letter === undefined ? FOREIGN : { kind: 'letter', letter }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0
const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

function readLetter(value: Uint8Array): RouteDeadLetter | undefined {
  let members: Readonly<Record<string, unknown>>
  try {
    members = Object(JSON.parse(Buffer.from(value).toString('utf8')))
  } catch {
    return undefined
  }
  const { v, topic, partition, offset, code, rule, policy, pipeline, route } = members
  if (v !== 1 || !isText(topic) || !isCount(partition) || !isCount(offset)) return undefined
  if (!isText(code) || !isText(policy) || (rule !== undefined && !isText(rule))) return undefined
  const isOwned = isText(pipeline) && isText(route)
  if (!isOwned && (pipeline !== undefined || route !== undefined)) return undefined
  return { topic, partition, offset, code, rule, policy, owner: isOwned ? { pipeline, route } : undefined }
}
