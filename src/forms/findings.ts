/** The forms of what people write for a report: findings, and the limits of its tiles. */
import { z } from 'zod'

/** 10 to 1,000 characters on one line. */
const SENTENCE = /^(?=.*\S)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{10,1000}$/u
const ROLE = /^(?=.*\S)[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]{2,60}$/u
const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/

const sentence = z.string().regex(SENTENCE, 'expected 10 to 1,000 characters on one line')
const role = z.string().regex(ROLE, 'expected a role, of 2 to 60 characters on one line')

export const FINDING_STATES = ['open', 'mended', 'accepted', 'dismissed'] as const

export interface StatedFinding {
  readonly id: string
  readonly concern: string
  readonly reporter: string
  readonly owner: string
  readonly due: string
  readonly state: (typeof FINDING_STATES)[number]
  readonly outcome?: string | undefined
}

const finding = z.strictObject({
  id: z
    .string()
    .regex(ID, 'expected 1 to 40 letters, digits, dots, hyphens and underscores')
    .describe('How it is called; each id once.'),
  concern: sentence.describe('What the concern is, without a name or value of a person.'),
  reporter: role.describe('As what it was reported: a role, such as data-subject or auditor.'),
  owner: role.describe('The role that answers for it.'),
  due: z.iso.date('expected a date, as 2026-12-31').describe('By when.'),
  state: z.enum(FINDING_STATES).describe('What became of it.'),
  outcome: sentence
    .optional()
    .describe('What was done, or why it is accepted or dismissed; required unless it is open.'),
})

export interface StatedFindings {
  readonly findings: readonly StatedFinding[]
}

/** At most: a page of more is read by no one. */
const MOST_FINDINGS = 500

export const findingsForm: z.ZodType<StatedFindings> = z.strictObject({
  findings: z.array(finding).max(MOST_FINDINGS, `expected at most ${MOST_FINDINGS} findings`),
})

export interface StatedLimits {
  readonly privacy?: number | undefined
  readonly utility?: number | undefined
  readonly balance?: number | undefined
  readonly operations?: number | undefined
  readonly reason?: string | undefined
}

const share = z.number().min(0, 'expected a share from 0 to 1').max(1, 'expected a share from 0 to 1')

export const limitsForm: z.ZodType<StatedLimits> = z.strictObject({
  privacy: share.optional().describe('The highest risk that one person is found again, at most.'),
  utility: share.optional().describe('The loss, at most.'),
  balance: share
    .optional()
    .describe('How much was published of a group, in relation to the best one, at least.'),
  operations: share.optional().describe('The share of records that became dead letters, at most.'),
  reason: sentence.optional().describe('Who set these limits, and why.'),
})
