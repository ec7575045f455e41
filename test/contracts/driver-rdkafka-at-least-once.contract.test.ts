import { driverContract } from './driver.contract.ts'
import { RDKAFKA_AT_LEAST_ONCE } from './driver-world.ts'

driverContract(RDKAFKA_AT_LEAST_ONCE)
