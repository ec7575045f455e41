/** `lethe measure --sketches FILES`: what stored sketches say together. */
import { measureSketchFiles, type SketchFilesOptions } from '../batch/merged-sketches.ts'
import { EXIT } from '../errors.ts'
import { sketchLines } from '../explain/sketch-lines.ts'
import { paint } from '../terminal.ts'

export async function measureSketches(
  options: SketchFilesOptions & { readonly format: 'text' | 'json' },
): Promise<void> {
  const { measured, failure } = await measureSketchFiles(options, Date.now())
  const lines =
    options.format === 'json'
      ? [JSON.stringify(measured, null, 2)]
      : sketchLines(measured, paint(process.stdout))
  process.stdout.write(`${lines.join('\n')}\n`)
  if (failure === undefined) return
  process.stderr.write(`lethe: ${failure}\n`)
  process.exitCode = EXIT.violations
}
