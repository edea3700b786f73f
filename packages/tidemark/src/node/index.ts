/** What works in Node alone. Kept out of the main entry, so that bundles for browsers never meet it. */
export { fileStorage } from './file-storage.js'
