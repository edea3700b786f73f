/** For tests of applications: several providers in one process, without WebRTC. */
export { MemoryNetwork, type MemoryNetworkOptions, MemoryTransport, memoryNetwork } from './memory-network.js'
export { STORAGE_CONTRACT, type StorageCase } from './storage-contract.js'
export { VirtualScheduler } from './virtual-scheduler.js'
