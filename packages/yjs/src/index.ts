/** A Yjs document as the structure that Tidemark replicates. */
export { ParkedUpdateError, YjsStructure, type YjsStructureOptions } from './yjs-structure.js'
