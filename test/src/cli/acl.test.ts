import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { type Ended, folder, warm } from './lethe.ts'

const POLICY = 'policy: p\nversion: 1\npurpose: train_ai_system\nfields:\n  amount: keep\n'

function acl(
  args: readonly string[] = [],
  { group = 'g', topics = '[in]', top = '', to = '', rules = '' } = {},
): Promise<Ended> {
  const cwd = folder({
    'policy.yaml': POLICY + rules,
    'pipeline.yaml': `pipeline: shop
brokers: [127.0.0.1:9092, 127.0.0.1:9093]
source: none
${top}
routes:
  - name: events
    from: { topics: ${topics}, group: ${JSON.stringify(group)} }
    to: { topic: out${to} }
    deadLetterTopic: dead
    policy: policy.yaml
`,
  })
  return warm(['acl', 'pipeline.yaml', ...args], { cwd })
}

/** The words of each command, as a shell reads them. */
function words(script: string): readonly (readonly string[])[] {
  const { stdout, status } = spawnSync(
    'sh',
    ['-euc', `acls() { printf '%s\\n' "$@" --; }\n${script.replaceAll('kafka-acls.sh', 'acls')}`],
    { encoding: 'utf8' },
  )
  expect(status).toBe(0)
  return stdout
    .split('--\n')
    .slice(0, -1)
    .map((text) => text.trimEnd().split('\n'))
}

describe('lethe acl', () => {
  it('prints what a replay needs only where it is asked for', async () => {
    const dead = async (...args: readonly string[]) =>
      words((await acl(args)).stdout).find((command) => command.at(-1) === 'dead')
    expect(await dead()).not.toContain('Read')
    expect(await dead('--replay')).toContain('Read')
  })

  it('lets the topic of a consent table be read and looked at, and not written', async () => {
    const cwd = folder({
      'policy.yaml': `${POLICY}  at: drop\ntime: at\nconsent: [{ table: training, by: id }]\n`,
      'pipeline.yaml': `pipeline: shop
brokers: [127.0.0.1:9092]
source: none
matchKeys: { file: match.json }
tables: { training: { topic: consent } }
routes: [{ name: events, from: { topics: [in], group: g }, to: { topic: out }, deadLetterTopic: dead, policy: policy.yaml }]
`,
    })
    for (const more of [[], ['--replay']]) {
      const { stdout, stderr } = await warm(['acl', 'pipeline.yaml', ...more], { cwd })
      const [command] = words(stdout).filter((one) => one.at(-1) === 'consent')
      const rights = command?.filter((_, at, all) => all[at - 1] === '--operation')
      expect(rights, stderr).toEqual(['Read', 'Describe', 'DescribeConfigs'])
    }
  })

  it('prints commands for a shell, one for each that is needed', async () => {
    const { code, stdout, stderr } = await acl()
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const head = [
      '--bootstrap-server',
      '127.0.0.1:9092,127.0.0.1:9093',
      '--add',
      '--allow-principal',
      'User:lethe',
    ]
    const allow = (...operations: readonly string[]) => [
      ...head,
      ...operations.flatMap((one) => ['--operation', one]),
    ]
    expect(words(stdout)).toEqual([
      [...allow('Read', 'Describe'), '--topic', 'in'],
      [...allow('Read'), '--group', 'g'],
      [...allow('Read'), '--group', 'g.until-end'],
      [...allow('Write', 'Describe', 'DescribeConfigs'), '--topic', 'out'],
      [...allow('Write', 'Describe', 'DescribeConfigs'), '--topic', 'dead'],
      [
        ...allow('Write', 'Describe'),
        '--resource-pattern-type',
        'prefixed',
        '--transactional-id',
        'lethe.shop.events.',
      ],
    ])
    expect(stdout).not.toMatch(/--operation (?:Create|All|IdempotentWrite)\b(?! --cluster)/)
  })

  it('quotes what a shell would take for something else', async () => {
    const evil = `it's;$(touch_gone)\`x\`&"\\`
    const { stdout } = await acl(['--principal', `User:CN=a b,O='x'`], { group: evil })
    const [, group] = words(stdout)
    expect(group).toContain(`User:CN=a b,O='x'`)
    expect(group!.at(-1)).toBe(evil)
    expect((await acl(['--principal', 'lethe'])).code).toBe(2)
  })

  it('names the user of the pipeline, and a file for the tool to connect with', async () => {
    const top = 'sasl: { mechanism: scram-sha-512, username: shop-user, password: { file: /nowhere } }'
    const { code, stdout } = await acl([], { top })
    expect(code).toBe(0)
    expect(words(stdout)[0]).toEqual(
      expect.arrayContaining(['--command-config', 'admin.properties', 'User:shop-user']),
    )
    expect(words((await acl(['--command-config', 'my own.properties'])).stdout)[0]).toContain(
      'my own.properties',
    )
  })

  it('wants the name of a user whom a token names', async () => {
    const top = 'sasl: { mechanism: oauthbearer, token: { file: /nowhere } }'
    const { code, stdout, stderr } = await acl([], { top })
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain('--principal')
    expect(words((await acl(['--principal', 'User:sub'], { top })).stdout)[0]).toContain('User:sub')
  })

  it('warns where a pattern makes it grant more', async () => {
    const { stdout, stderr } = await acl([], { topics: '{ pattern: "[h-k]n.*" }' })
    expect(words(stdout)[0]!.slice(-2)).toEqual(['--topic', '*'])
    expect(stdout).toContain("--topic '*'")
    expect(stderr).toContain('every topic of the cluster')
    expect(stdout).toContain('# Caution')
  })

  it('gives an erasure no right to write but for tombstones, and to delete only where it is asked for', async () => {
    const rightsIn = ({ stdout }: { stdout: string }) =>
      words(stdout).map((line) => line.filter((_, at) => line[at - 1] === '--operation').join())
    const plain = await acl(['--for', 'forget'])
    expect(rightsIn(plain)).toEqual(['Read,Describe,DescribeConfigs', 'Read,Describe,DescribeConfigs'])
    expect(plain.stdout).toContain('# Not granted: Delete (--delete-records), Alter')
    const deleting = await acl(['--for', 'forget', '--delete-records'])
    expect(rightsIn(deleting).every((rights) => rights.endsWith(',Delete'))).toBe(true)
    const compacted = await acl(['--for', 'forget'], {
      to: ', compacted: true',
      top: 'keys: { file: /nowhere }',
      rules: '  $key: { use: hash.hmac, domain: customer }\n',
    })
    expect(rightsIn(compacted)[0]).toBe('Read,Describe,DescribeConfigs,Write')
    expect((await acl(['--delete-records'])).code).toBe(2)
  })

  it('prints nothing for a file with errors', async () => {
    const { code, stdout } = await acl([], { top: 'sorce: none' })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  })
})
