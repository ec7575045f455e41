import { driverContract } from './driver.contract.ts'
import { RDKAFKA_EXACTLY_ONCE } from './driver-world.ts'

driverContract(RDKAFKA_EXACTLY_ONCE)
