/** The gates of a policy and what they say of a record, as lines for a terminal. */
import { columns, paint } from '../terminal.ts'
import type { JudgedGate } from './judged-gates.ts'

const SAYS: Readonly<Record<JudgedGate['says'], string>> = {
  pass: 'passes',
  suppress: 'suppresses it',
  'dead-letter': 'makes it a dead letter',
  'not-looked-at': 'NOT LOOKED AT',
  'not-read': 'cannot read it',
}

/** A line for each gate. */
export function gatesText(gates: readonly JudgedGate[]): string[] {
  if (gates.length === 0) return []
  const { bold, green, red, yellow } = paint(process.stdout)
  const colour = ({ says }: JudgedGate) => (says === 'pass' ? green : says === 'not-looked-at' ? yellow : red)
  const rows = gates.map((one) => [`  ${one.gate}`, one.by.join(', '), SAYS[one.says], one.why])
  const lines = columns(rows)
  return ['', bold('gates, in the order that they judge'), ...lines.map((line, i) => colour(gates[i]!)(line))]
}
