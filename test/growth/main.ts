/**
 * `npm run proof:growth [-- NAME…]`: growth up to the longest record that is taken, 1 MiB, of records and rows, and of all
 * transforms or those named. Ends with 1 where it is out of proportion.
 */
import { transforms } from '../../transforms/index.ts'
import { faultsOf, faultsOfRecords } from './growth.ts'

const LONGEST = 1 << 20

let failed = false
const report = (name: string, faults: readonly string[]): void => {
  console.log(`${faults.length === 0 ? 'linear' : 'NOT LINEAR'}  ${name}`)
  for (const fault of faults) console.log(`    ${fault}`)
  failed ||= faults.length > 0
}
const names = process.argv.slice(2)
if (names.length === 0) report('records and rows', faultsOfRecords(LONGEST))
for (const transform of transforms)
  if (names.length === 0 || names.includes(transform.name))
    report(transform.name, faultsOf(transform, LONGEST))
process.exitCode = failed ? 1 : 0
