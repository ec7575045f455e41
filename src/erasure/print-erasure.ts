/** Work orders of erasure, and what was found afterwards, as lines for people. */
import { fileOf, totalOf } from '../lifecycle/work-order.ts'
import type { VerifiedErasure } from './erase.ts'
import type { ErasureOrder } from './erasure-order.ts'
import { openPoints } from './receipt.ts'

export function erasureLines(order: ErasureOrder): readonly string[] {
  const { rows, deleted } = totalOf(order)
  const lines: string[] = []
  for (const { target, digest, ...survey } of order.targets) {
    const { rules, held, unnamed = 0, unsearched = [], whole } = survey
    lines.push(`lethe: ${fileOf(target)}: ${survey.rows} rows, ${digest.bytes} bytes`)
    for (const { rule, rows: count } of rules) lines.push(`  ${count} rows go, found by ${rule}`)
    if (whole) lines.push('  nothing is left: the file goes')
    if (held.fromDeletion > 0) lines.push(`  ${held.fromDeletion} rows stay, under legal hold`)
    if (unnamed > 0) lines.push(`  ${unnamed} rows name no subject, and stay`)
    for (const why of unsearched) lines.push(`  not all rows can be found: ${why}`)
  }
  for (const { target, code, message } of order.untouched)
    lines.push(`lethe: ${fileOf(target)}: not touched (${code}): ${message}`)
  if (order.expiredHolds.length > 0)
    lines.push(`lethe: holds that expired, and hold nothing: ${order.expiredHolds.join(', ')}`)
  lines.push(
    `lethe: ${order.subjects.length} subjects under ${Object.keys(order.keys).length} keys: of ${rows} rows ${deleted} go; order ${order.hash.slice(0, 16)}…, to be applied until ${order.validUntil}`,
  )
  return lines
}

export function erasureFound(verified: VerifiedErasure): readonly string[] {
  const open = openPoints(verified)
  return [
    ...verified.targets.map(({ target, state, message }) => `${fileOf(target)}: ${state}: ${message}`),
    ...open.filter(({ target }) => target === null).map(({ code, message }) => `${code}: ${message}`),
    open.length === 0
      ? 'closed: every target was read again, and nothing was found'
      : `open: ${open.length} points`,
  ]
}
