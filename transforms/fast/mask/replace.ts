/** The twin of `mask.replace`. */
import type { ReplaceOptions } from '../../mask/replace.ts'
import { WRITE_ROOM } from '../../transform.ts'
import { copyBytes, utf8 } from '../bytes.ts'
import type { Twin } from '../twin.ts'

export const replace: Twin<ReplaceOptions> = ({ with: text }) => {
  const bytes = utf8(text)
  const size = bytes.length
  if (size > WRITE_ROOM) return undefined
  return { writeBytes: (_source, _start, _end, out, at) => copyBytes(bytes, 0, size, out, at) }
}
