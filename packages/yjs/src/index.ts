/** A Yjs document as the structure that Tidemark replicates. */

export type { EpochChange } from './epochs/full-compaction.js'
export { ParkedUpdateError, YjsStructure, type YjsStructureOptions } from './yjs-structure.js'
