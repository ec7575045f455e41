/** `npm run proof:growth`: growth up to the longest record that is taken, 1 MiB. Ends with 1 where it is out of proportion. */
import { transforms } from '../../transforms/index.ts'
import { faultsOf, faultsOfRecords } from './growth.ts'

const LONGEST = 1 << 20

let failed = false
const report = (name: string, faults: readonly string[]): void => {
  console.log(`${faults.length === 0 ? 'linear' : 'NOT LINEAR'}  ${name}`)
  for (const fault of faults) console.log(`    ${fault}`)
  failed ||= faults.length > 0
}
report('records and rows', faultsOfRecords(LONGEST))
for (const transform of transforms) report(transform.name, faultsOf(transform, LONGEST))
process.exitCode = failed ? 1 : 0
