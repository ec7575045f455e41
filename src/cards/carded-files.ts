/** The files that a run published, as cards name them: each is held to the summary by its digest. */
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { isPublished, type Match, matchesOf } from '../batch/compare.ts'
import { verifyDataSet } from '../batch/verify-data-set.ts'
import { LetheError } from '../errors.ts'
import { digestOf, type FileDigest } from '../files/digest.ts'
import { formatByName } from '../files/input.ts'
import { isObjectFolder } from '../files/objects/object-name.ts'
import { DATA_SET } from '../forms/data-set.ts'
import type { RecordFormat } from '../record/limits.ts'
import type { Summary } from '../run/account/account-view.ts'

export interface CardedFile extends FileDigest {
  /** Its own name, or below the folder of a data set with `/` between names: no folder above is in it. */
  readonly name: string
  readonly format: RecordFormat
  readonly isTabbed: boolean
}

export interface CardedFiles {
  readonly files: readonly CardedFile[]
  /** Output paths whose values stand in the names of folders. */
  readonly partitionBy: readonly string[]
  /** Numbers of outputs that were not named. */
  readonly missing: readonly number[]
}

/** @throws LetheError: io; card-refused where one is not what the run published; usage where two would have one name */
export async function cardedFiles(names: readonly string[], summary: Summary): Promise<CardedFiles> {
  const files: CardedFile[] = []
  const partitionBy = new Set<string>()
  const given = new Set<number>()
  const give = (matches: readonly Match[]): void => {
    for (const { kind, number } of matches) if (kind === 'output') given.add(number)
  }
  for (const name of names) {
    if (!isObjectFolder(name) && statSync(name, { throwIfNoEntry: false })?.isDirectory() !== true) {
      const digest = await digestOf(name)
      const matches = matchesOf(digest, summary)
      if (!matches.some(({ kind }) => kind === 'output')) throw notOfRun(name)
      give(matches)
      files.push(fileOf(basename(name), digest))
      continue
    }
    const dataSet = await verifyDataSet(name, summary)
    if (dataSet === undefined)
      throw new LetheError('not-a-file', `${name} is a folder, and no data set`, 'name its files')
    for (const one of dataSet.files) {
      if (!isPublished(one.is)) throw notOfRun(one.file)
      give(one.is)
      const { below } = one
      if (below !== DATA_SET) files.push(fileOf(below, one))
    }
    for (const path of dataSet.partitionBy) partitionBy.add(path)
  }
  const seen = new Set<string>()
  for (const { name } of files) {
    if (seen.has(name))
      throw new LetheError('bad-option', `two files would be ${name} in a card`, 'give them different names')
    seen.add(name)
  }
  const missing = summary.outputs.map(({ output }) => output).filter((output) => !given.has(output))
  return { files, partitionBy: [...partitionBy], missing }
}

const notOfRun = (name: string): LetheError =>
  new LetheError(
    'card-refused',
    `${name} is not what the run published, or was changed since`,
    'name the outputs of the run that the summary is of; `lethe verify` says which they are',
  )

function fileOf(name: string, { bytes, sha256 }: FileDigest): CardedFile {
  const { format, tab } = formatByName(name)
  if (format === undefined)
    throw new LetheError(
      'format-unknown',
      `${name}: the name does not tell a format`,
      'give it an ending such as .ndjson',
    )
  return { name, bytes, sha256, format, isTabbed: tab }
}
