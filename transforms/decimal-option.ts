import { type Decimal, MAX_DIGITS, parseDecimal } from './decimal.ts'
import { OptionError } from './transform.ts'

/** Reads a number that stands in a policy. Throws `OptionError` where it is none, or no longer what was written. */
export function decimalOption(value: number | string, option: string): Decimal {
  if (typeof value === 'number' && Math.abs(value) > Number.MAX_SAFE_INTEGER)
    throw new OptionError(
      `${option} has more digits than a plain number keeps`,
      option,
      'put the number in quotes',
    )
  const parsed = parseDecimal(String(value))
  if (parsed === 'out-of-domain')
    throw new OptionError(`${option} has more than ${MAX_DIGITS} digits`, option, 'write a rounder number')
  if (typeof parsed === 'string')
    throw new OptionError(
      `${option} is not a decimal number`,
      option,
      "write it in digits, e.g. 10 or '0.25'",
    )
  return parsed
}
