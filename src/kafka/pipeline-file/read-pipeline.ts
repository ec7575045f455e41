/** Reads a pipeline file from disk, and tells one from a policy. */
import { entryOf, readDocument } from '../../policy/document.ts'
import { type PolicyFile, type ReadWhole, readPolicyFile } from '../../policy/policy-file.ts'
import { type DocumentCode, Findings } from '../../policy/problems.ts'

/**
 * Reads the pipeline at `file`, from the disk or from where `read` has it. Throws `LetheError`: usage where it is not a file, not UTF-8 or over 1 MiB, I/O where it is
 * missing or cannot be read.
 */
export function readPipelineFile(file: string, read?: ReadWhole): PolicyFile {
  return readPolicyFile(file, 'the pipeline', read)
}

/** Whether a file means to be a pipeline: it has `pipeline:` at its top, or would have if it were YAML. */
export function isPipeline(text: string): boolean {
  const tree = readDocument(text.replace(/^\ufeff/, ''), new Findings<DocumentCode>(''))
  if (tree !== undefined) return entryOf(tree, 'pipeline') !== undefined
  return /^["']?pipeline["']?[ \t]*:/m.test(text) && !/^["']?policy["']?[ \t]*:/m.test(text)
}
