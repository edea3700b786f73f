/** A Yjs document as the structure that Tidemark replicates. */

export type { EpochChange } from './epochs/full-host.js'
export { ParkedUpdateError, YjsStructure, type YjsStructureOptions } from './yjs-structure.js'
