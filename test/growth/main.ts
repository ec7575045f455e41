/**
 * `npm run proof:growth [-- NAME… --longest UNITS]`: growth up to the longest record that is taken, 1 MiB, or up to so many
 * UTF-16 units, of records and rows, and of all transforms or those named. Ends with 1 where it is out of proportion.
 */
import { parseArgs } from 'node:util'
import { transforms } from '../../transforms/index.ts'
import { faultsOf, faultsOfRecords } from './growth.ts'

const { values, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { longest: { type: 'string', default: String(1 << 20) } },
})
const longest = Number(values.longest)
if (!Number.isInteger(longest) || longest < 1 << 10) throw new Error('--longest: a number from 1024 on')

let failed = false
const report = (name: string, faults: readonly string[]): void => {
  console.log(`${faults.length === 0 ? 'linear' : 'NOT LINEAR'}  ${name}`)
  for (const fault of faults) console.log(`    ${fault}`)
  failed ||= faults.length > 0
}
if (names.length === 0) report('records and rows', faultsOfRecords(longest))
for (const transform of transforms)
  if (names.length === 0 || names.includes(transform.name))
    report(transform.name, faultsOf(transform, longest))
process.exitCode = failed ? 1 : 0
