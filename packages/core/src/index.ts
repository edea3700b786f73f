export * from './causality/operation.js'
export * from './structure.js'
export * from './transport.js'
