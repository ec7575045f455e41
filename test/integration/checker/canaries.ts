/** Marked values, and every way in which a leak could write them down. */

/** Shorter ones would be found in base64 by chance. */
const SHORTEST = 8
const BLOB_BYTES = 1 << 20
/** Keeps texts apart. */
const BETWEEN = '\u0000\n\u0000'

/** Each way to write `text`, by name, as latin1 strings of the bytes that would be written. */
export function spellings(text: string): ReadonlyMap<string, string> {
  if (Buffer.byteLength(text) < SHORTEST) throw new Error(`a canary needs ${SHORTEST} bytes`)
  const found = new Map<string, string>()
  // The first name of a spelling stands: digits alone are `raw` and `lower` at once.
  const add = (name: string, bytes: Buffer): void => {
    const written = bytes.toString('latin1')
    if (![...found.values()].includes(written)) found.set(name, written)
  }
  const forms = { raw: text, lower: text.toLowerCase(), upper: text.toUpperCase() }
  for (const [form, written] of Object.entries(forms)) {
    const utf8 = Buffer.from(written)
    add(form, utf8)
    for (const [name, spelling] of Object.entries(asText(written)))
      add(`${form}, ${name}`, Buffer.from(spelling))
    add(`${form}, latin1`, Buffer.from(written, 'latin1'))
    add(`${form}, UTF-16`, Buffer.from(written, 'utf16le'))
    // Base64 wherever the bytes stand in a longer text: without the characters that their neighbours change.
    for (const shift of [0, 1, 2]) {
      const encoded = Buffer.concat([Buffer.alloc(shift), utf8]).toString('base64')
      const middle = encoded.slice(Math.ceil((shift * 4) / 3), Math.floor(((shift + utf8.length) * 8) / 6))
      add(`${form}, base64 at ${shift}`, Buffer.from(middle))
      add(`${form}, base64url at ${shift}`, Buffer.from(middle.replaceAll('+', '-').replaceAll('/', '_')))
    }
  }
  return found
}

function asText(text: string): Readonly<Record<string, string>> {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  const url = encodeURIComponent(text)
  const hex = Buffer.from(text).toString('hex')
  return {
    'read as latin1': Buffer.from(text).toString('latin1'),
    'URL-encoded': url,
    'URL-encoded in lower case': url.replace(/%../g, (code) => code.toLowerCase()),
    'URL-encoded as a form': new URLSearchParams({ a: text }).toString().slice(2),
    'as JSON': JSON.stringify(text).slice(1, -1),
    'as JSON, escaped where not ASCII': JSON.stringify(text)
      .slice(1, -1)
      .replace(/[^\0-\x7f]/g, escaped),
    'as JSON, escaped': text.replace(/./gsu, (character) => [...character.split('')].map(escaped).join('')),
    hex,
    'hex in upper case': hex.toUpperCase(),
  }
}

export interface Sighting {
  /** Which of the texts that were searched. */
  readonly text: number
  readonly canary: number
  readonly spelling: string
}

/** The canaries that stand in the texts: at most one sighting of each in each text. */
export function findCanaries(canaries: readonly string[], texts: Iterable<Uint8Array>): readonly Sighting[] {
  const sought = canaries.flatMap((canary, index) =>
    [...spellings(canary)].map(([spelling, written]) => ({ canary: index, spelling, written })),
  )
  const sightings = new Map<string, Sighting>()
  let blob: string[] = []
  let size = 0
  let first = 0
  const search = (): void => {
    const all = blob.join(BETWEEN)
    for (const { canary, spelling, written } of sought) {
      if (!all.includes(written)) continue
      for (const [at, text] of blob.entries()) {
        const key = `${first + at} ${canary}`
        if (text.includes(written) && !sightings.has(key))
          sightings.set(key, { text: first + at, canary, spelling })
      }
    }
    first += blob.length
    blob = []
    size = 0
  }
  for (const bytes of texts) {
    blob.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1'))
    size += bytes.length
    if (size > BLOB_BYTES) search()
  }
  search()
  return [...sightings.values()]
}
