import { driverContract } from './driver.contract.ts'
import { KAFKAJS } from './driver-world.ts'

driverContract(KAFKAJS)
