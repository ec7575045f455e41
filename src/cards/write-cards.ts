/** Writes documents into a folder: all of them or none, and over nothing that stands there. */
import { existsSync, mkdirSync, rmdirSync, statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { existsAlready, LetheError, unwritable } from '../errors.ts'
import { TemporaryFile } from '../files/temporary-file.ts'

/** @throws LetheError (usage) where one stands there already; (io) where one cannot be written */
export async function writeCards(folder: string, texts: ReadonlyMap<string, string>): Promise<void> {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === false)
    throw new LetheError('output-conflict', `${folder} is a file`, 'name a folder')
  for (const name of texts.keys())
    if (existsSync(join(folder, name))) throw existsAlready(join(folder, name), 'name another folder')
  const made = makeFolder(folder)
  const files: TemporaryFile[] = []
  const published: string[] = []
  try {
    for (const [name, text] of texts) {
      const file = new TemporaryFile(join(folder, name), undefined)
      files.push(file)
      await file.append(Buffer.from(text))
      await file.finish()
    }
    for (const file of files) {
      const outcome = file.publishNew()
      if (outcome === 'taken') throw existsAlready(file.name, 'name another folder')
      if (outcome === 'gone')
        throw new LetheError(
          'file-unwritable',
          `${file.name} cannot be written: its temporary file was taken away`,
        )
      published.push(file.name)
    }
  } catch (error) {
    for (const name of published) unlinkSync(name)
    for (const file of files) file.discard()
    if (made) rmdirSync(folder)
    throw error
  }
}

/** Whether it was not there. */
function makeFolder(folder: string): boolean {
  try {
    if (existsSync(folder)) return false
    mkdirSync(folder)
    return true
  } catch (error) {
    throw unwritable(folder, error)
  }
}
