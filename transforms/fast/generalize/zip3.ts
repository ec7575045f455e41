/** The twin of `generalize.zip3`. */
import { resultsByPrefix } from '../../generalize/zip3.ts'
import { ZIP3_CENSUS_2020 } from '../../generalize/zip3-census-2020.ts'
import { utf8, type WriteBytes } from '../bytes.ts'
import { type Twin, writing } from '../twin.ts'

export const zip3: Twin<unknown> = () => writing(zip3Kernel(resultsByPrefix(ZIP3_CENSUS_2020)))

const ZERO = 0x30
const HYPHEN = 0x2d

/** @param results three ASCII digits for each prefix from 000 to 999 */
function zip3Kernel(results: readonly string[]): WriteBytes {
  const table = utf8(results.join(''))
  return (source, start, end, out, at) => {
    const length = end - start
    if (length !== 5 && length !== 9 && !(length === 10 && source[start + 5] === HYPHEN)) return -1
    let prefix = 0
    for (let from = start; from < end; from++) {
      const digit = source[from]! - ZERO
      if (digit < 0 || digit > 9) {
        if (from !== start + 5 || length !== 10) return -1
      } else if (from < start + 3) prefix = prefix * 10 + digit
    }
    const row = prefix * 3
    out[at] = table[row]!
    out[at + 1] = table[row + 1]!
    out[at + 2] = table[row + 2]!
    return at + 3
  }
}
