/** What `lethe dead-letters open` does, once its command line is read. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileError, LetheError } from '../../errors.ts'
import { resolveConnection } from '../../kafka/pipeline-file/pipeline-secrets.ts'
import type { LedgerFact } from '../../ledger/entry.ts'
import { Ledger } from '../../ledger/ledger.ts'
import { openAll } from '../../letters/open-all.ts'
import { letterLines, type PlacedLetter, topicLetters } from '../../letters/sealed-letters.ts'
import { readPipeline } from '../../run/stream/prepare.ts'
import { anchorFor } from '../../run/stream/topic-anchor.ts'
import { readIdentities } from '../../sealing/key-files.ts'
import { Opener } from '../../sealing/opener.ts'
import { passphraseOf, readSigningKey } from '../../signing/private-key.ts'
import { type LedgerOptions, ledgerOf, recorded } from '../ledger-option.ts'
import { routeOf } from '../route-option.ts'

export interface OpenOptions extends LedgerOptions {
  readonly identity: string
  readonly reason: string
  readonly output?: string
  readonly route?: string
  readonly skipUnopened?: boolean
  readonly unrecorded?: boolean
}

interface Source {
  readonly letters: AsyncIterable<PlacedLetter>
  readonly fact: Pick<LedgerFact, 'names' | 'fingerprints'>
  readonly ledger: Ledger | undefined
}

/** Opens the originals; gives whether some were left out. */
export async function open(file: string, options: OpenOptions): Promise<boolean> {
  const { identities, ids } = await readIdentities(options.identity)
  const source = /\.ya?ml$/i.test(file) ? await ofPipeline(file, options) : ofList(file, options)
  if (source.ledger === undefined && options.unrecorded !== true)
    throw new LetheError(
      'ledger-needed',
      'opening originals leaves an entry in a ledger, and none is named; nothing was opened',
      'say --ledger FILE --signing-key FILE (or `ledger:` in the pipeline), or --unrecorded where another system records it',
    )
  const { names, fingerprints } = source.fact
  const counts = await recorded(
    source.ledger,
    {
      action: 'originals.open',
      names: { ...names, reason: options.reason },
      fingerprints: { ...fingerprints, identities: sha256(ids.join('\n')) },
    },
    () => openAll(source.letters, new Opener(identities), options, (line) => process.stdout.write(line)),
    ({ opened, unopened, without }) => ({ counts: { opened, unopened, without } }),
  )
  const { opened, unopened, without } = counts
  const parts = [
    `${opened} originals were opened`,
    ...(unopened === 0 ? [] : [`${unopened} could not be opened, and were left out`]),
    ...(without === 0 ? [] : [`${without} dead letters carry none`]),
  ]
  process.stderr.write(`lethe: ${parts.join('; ')}\n`)
  return unopened > 0
}

const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function ofList(file: string, options: OpenOptions): Source {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (error) {
    throw fileError(file, error)
  }
  return {
    letters: letterLines(bytes, file),
    fact: { names: { from: 'file' }, fingerprints: { letters: sha256(bytes) } },
    ledger: ledgerOf(options),
  }
}

async function ofPipeline(file: string, options: OpenOptions): Promise<Source> {
  const pipeline = await readPipeline(file)
  const route = routeOf(pipeline, options.route)
  const setting = pipeline.ledger
  const own =
    setting &&
    new Ledger({
      file: setting.file,
      key: readSigningKey(setting.signingKey, passphraseOf(options)),
      anchor: anchorFor(setting, () => resolveConnection(pipeline)),
      actor: options.as ?? 'operator',
    })
  return {
    letters: topicLetters(pipeline, route),
    fact: { names: { from: 'topic', pipeline: pipeline.name, route: route.name } },
    ledger: ledgerOf(options) ?? own,
  }
}
