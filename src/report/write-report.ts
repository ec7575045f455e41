/** Writes a report: the page and its document beside it, both or none. */
import { closeSync, openSync, readSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { LetheError } from '../errors.ts'
import { placeOf } from '../files/place.ts'
import { TemporaryFile } from '../files/temporary-file.ts'
import type { ReportDocument } from '../forms/report-form.ts'
import { reportPage } from './page/report-page.ts'

export interface ReportPlaces {
  readonly page: string
  readonly document: string
}

/**
 * Where `report.html` and `report.json` go. `read`: the files that the report is made of.
 * @throws LetheError (usage) where the name does not end in .html, is no file, or would take the place of what is read
 */
export function placesOf(output: string, read: readonly string[]): ReportPlaces {
  if (!/[^/\\]\.html$/i.test(output))
    throw new LetheError(
      'bad-option',
      `the report ${output} is a page, and its name does not say so`,
      'end it in .html',
    )
  const places = { page: output, document: output.replace(/\.html$/i, '.json') }
  const inputs = new Set(read.map(real))
  for (const name of [places.page, places.document]) {
    const { path, isFolder, isSpecial } = placeOf(name)
    if (isFolder || isSpecial)
      throw new LetheError('not-a-file', `${name} is a folder or a device`, 'name a file')
    if (inputs.has(real(path)))
      throw new LetheError(
        'output-conflict',
        `${name} is read for this report, and would be overwritten`,
        'name another file',
      )
  }
  refuseOther(places.document)
  return places
}

/** The name of the document is not stated but follows: what stands there is replaced only where it is a report as well. */
function refuseOther(document: string): void {
  let head: Buffer
  try {
    head = headOf(document)
  } catch {
    // Nothing is there, or what writes it says why it cannot.
    return
  }
  if (/^\s*\{\s*"lethe"\s*:\s*"report"/.test(head.toString('latin1'))) return
  throw new LetheError(
    'output-conflict',
    `the figures go to ${document}, and what stands there is no report; nothing was written`,
    'name another file with -o',
  )
}

function headOf(name: string): Buffer {
  const descriptor = openSync(name, 'r')
  try {
    const head = Buffer.alloc(64)
    return head.subarray(0, readSync(descriptor, head, 0, head.length, 0))
  } finally {
    closeSync(descriptor)
  }
}

function real(name: string): string {
  try {
    return realpathSync(name)
  } catch {
    return resolve(name)
  }
}

/** @throws LetheError (io) where one cannot be written: then neither has its name, unless the message says so */
export async function writeReport({ page, document }: ReportPlaces, report: ReportDocument): Promise<void> {
  const outputs: TemporaryFile[] = []
  try {
    for (const [name, text] of [
      [document, `${JSON.stringify(report, null, 2)}\n`],
      [page, reportPage(report)],
    ] as const) {
      const output = new TemporaryFile(real(placeOf(name).path), undefined, name)
      outputs.push(output)
      await output.append(Buffer.from(text))
      await output.finish()
    }
    for (const [at, output] of outputs.entries()) publish(output, at === 0 ? undefined : document)
  } finally {
    for (const output of outputs) output.discard()
  }
}

/** `before`: what has its name already. */
function publish(output: TemporaryFile, before: string | undefined): void {
  try {
    output.publish()
  } catch (error) {
    if (before === undefined || !(error instanceof LetheError)) throw error
    throw new LetheError(
      error.code,
      `${error.message}; ${before} stands under its name already`,
      error.suggestion,
    )
  }
}
