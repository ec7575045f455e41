/** Gives kafkajs' own consumers and producers, a team's or a test's, the compressions that kafkajs lacks. */
import kafkajs from 'kafkajs'
import { COMPRESSIONS, compress, decompress } from './codecs.ts'

/** Codec ids are three bits; kafkajs takes what it does not know for no compression at all. */
const IDS = [1, 2, 3, 4, 5, 6, 7]

type Codecs = Record<number, () => unknown>

/** May be called again. Packages are loaded when a batch needs them. */
export function registerCodecs(): void {
  const codecs: Codecs = kafkajs.CompressionCodecs
  for (const id of IDS)
    codecs[id] = () => ({
      compress: ({ buffer }: { readonly buffer: Buffer }) => compress(COMPRESSIONS[id]!, buffer),
      decompress: (buffer: Buffer) => decompress(id, buffer),
    })
}
