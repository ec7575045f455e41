/** Reads a policy and compiles it, with the modules of transforms that it names. */
import { type Compiled, type CompileOptions, compilePolicy } from './compile.ts'
import { withTransforms } from './custom/modules.ts'
import { type PolicyFile, readPolicyFile } from './policy-file.ts'

/**
 * Reads and compiles the policy at `file`. Where it says `transforms:`, it imports these files, which runs them: do so for
 * policies only that you would run as code.
 * @param file its path, or what `readPolicyFile` gave
 * @throws LetheError where the policy cannot be read
 */
export async function compilePolicyFile(
  file: string | PolicyFile,
  options: CompileOptions = {},
): Promise<Compiled> {
  const source = typeof file === 'string' ? readPolicyFile(file) : file
  return await withTransforms(() => compilePolicy(source, options))
}
