/**
 * `npm run bench:detectors`: what it costs to look at a value, all detectors together and each alone, over values as kept
 * fields hold them. Processor time of this process; see README.md.
 */
import { detectors } from '../../dist/transforms/detect/index.js'
import { look, lookWith } from '../../dist/transforms/detect/look.js'

const COUNT = 20_000
const ROUNDS = 15

const VALUES = {
  'words of one kind': (i) => ['search', 'checkout', 'newsletter', 'returned'][i % 4],
  prices: (i) => `${((i * 7919) % 100_000) / 100}`,
  times: (i) => new Date(1.7e12 + i * 7_654_321).toISOString(),
  SKUs: (i) => `SKU-${10_000 + i}-${'ABCD'[i % 4]}${i % 90}`,
  'numbers of 16 digits': (i) => String(1_000_000_000_000_000 + i * 7_919_000_000_017),
  prose: (i) =>
    `the parcel ${i} came late, but all was as it was ordered on day ${i % 31} of the month; thank you`,
  'web pages': (i) => `https://shop.example/p/${i}?utm_source=mail&session=${(i * 48271).toString(36)}`,
  'remarks of which one in 10 has an address': (i) =>
    `please call before noon, parcel ${i}${i % 10 === 0 ? `, or write to lena.${i}@mail.example` : ''}`,
}

function pack(make) {
  const texts = Array.from({ length: COUNT }, (_, i) => Buffer.from(make(i)))
  const ends = new Int32Array(COUNT)
  let at = 0
  for (const [i, text] of texts.entries()) ends[i] = at += text.length
  return { bytes: new Uint8Array(Buffer.concat(texts)), ends }
}

/** Nanoseconds of processor time a value: the median of rounds. */
function measure({ bytes, ends }, see) {
  const rounds = Array.from({ length: ROUNDS }, () => {
    const before = process.cpuUsage()
    let start = 0
    for (const end of ends) {
      see(bytes, start, end)
      start = end
    }
    const { user, system } = process.cpuUsage(before)
    return ((user + system) * 1000) / COUNT
  })
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1]
}

const cell = (value) => value.toFixed(0).padStart(5)
const packed = Object.entries(VALUES).map(([name, make]) => [name, pack(make)])
// All code paths are warm before anything is measured.
for (const [, values] of packed) measure(values, look)
process.stdout.write('| ns a value | all |')
for (const { kind } of detectors) process.stdout.write(` ${kind} |`)
process.stdout.write(`\n|---|---|${'---|'.repeat(detectors.length)}\n`)
for (const [name, values] of packed) {
  process.stdout.write(`| ${name} | ${cell(measure(values, look))} |`)
  for (const detector of detectors) {
    const alone = lookWith([detector])
    process.stdout.write(` ${cell(measure(values, alone))} |`)
  }
  process.stdout.write('\n')
}
