/** For tests of applications: several providers in one process, without WebRTC. */
export { MemoryNetwork, type MemoryNetworkOptions, MemoryTransport, memoryNetwork } from './memory-network.js'
export { VirtualScheduler } from './virtual-scheduler.js'
