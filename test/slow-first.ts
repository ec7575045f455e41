/** The order of test files: those that take long begin first, so that no worker is left with one of them at the end. */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Measured; a fresh clone knows nothing of earlier runs, and would go by the size of the files. */
const SLOW: readonly string[] = [
  'test/integration/chaos.test.ts',
  'test/integration/back-pressure.test.ts',
  'test/integration/stream-secure.test.ts',
  'test/contracts/driver-rdkafka-exactly-once.contract.test.ts',
  'test/contracts/driver-rdkafka-at-least-once.contract.test.ts',
  'test/contracts/driver-kafkajs.contract.test.ts',
  'test/contracts/driver-defaults.contract.test.ts',
  'test/integration/causes.test.ts',
  'test/integration/kafkajs-driver.test.ts',
  'test/integration/doctor.test.ts',
  'test/integration/stream.test.ts',
  'test/src/cli/approve.test.ts',
  'test/src/cli/stream-worker.test.ts',
  'test/growth/growth.test.ts',
  'test/package.test.ts',
  'test/src/record/kernels.property.test.ts',
  'test/src/engine/result-bounds.property.test.ts',
  'test/src/record/json.property.test.ts',
  'test/src/cli/batch-faults.test.ts',
  'test/src/cli/init-personal.test.ts',
  'test/src/engine/messages.property.test.ts',
]

const rank = ({ moduleId }: TestSpecification): number => {
  const at = SLOW.findIndex((file) => moduleId.replaceAll('\\', '/').endsWith(`/${file}`))
  return at === -1 ? SLOW.length : at
}

export class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}
