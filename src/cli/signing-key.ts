/** `lethe signing-key create FILE`: a key that a person or a run signs with. */
import { Command } from 'commander'
import { createSigningKeyFiles, type PassphraseOptions, passphraseOf } from '../signing/private-key.ts'

/** Adds the options that say where a passphrase stands. */
export const addPassphraseOptions = (command: Command): Command =>
  command
    .option('--passphrase-env <name>', 'an environment variable that holds the passphrase of the key')
    .option('--passphrase-file <file>', 'a file that holds it; mode 0600 or 0640')

const EXAMPLES = `
Ed25519. FILE is the private key (PKCS#8 PEM, mode 0600): one person's, never shared. FILE.pub is the public key
(SPKI PEM): give it to those who check. It is no key of tokens; these are in keysets, which lethe keys makes.

Examples:
  $ lethe signing-key create anna.pem
  $ lethe signing-key create anna.pem --passphrase-file pass.txt
  $ cat anna.pem.pub ben.pem.pub > trusted.pem      who may approve`

export const command = (): Command => {
  const signing = new Command('signing-key')
    .description('Makes keys that people sign with.')
    .addHelpText('after', EXAMPLES)
  addPassphraseOptions(
    signing
      .command('create')
      .summary('make a private key and its public key')
      .description('Makes FILE and FILE.pub. Never overwrites.')
      .argument('<file>', 'the private key to make'),
  ).action((file: string, options: PassphraseOptions) => {
    const { id } = createSigningKeyFiles(file, passphraseOf(options))
    process.stderr.write(`lethe: made ${file} and ${file}.pub; the id of the key is ${id}\n`)
  })
  return signing
}
