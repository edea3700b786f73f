/** A Yjs document as the structure that Tidemark replicates. */

export type { EpochChange } from './epochs/full-host.js'
export { mostAdvanced } from './storing/joining-stored.js'
export { OutdatedError, type Recording } from './storing/recording.js'
export { readStored, type StoredDocument } from './storing/stored-document.js'
export { ParkedUpdateError, YjsStructure, type YjsStructureOptions } from './yjs-structure.js'
