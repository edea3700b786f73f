/** Frames as messages and back: for tools and tests that look at what is on the wire, or write it by hand. */
export { type Decoded, decodeMessage, encodeMessage } from './codec.js'
export * from './limits.js'
export type * from './messages.js'
