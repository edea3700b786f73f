/**
 * Property tests draw the same examples in CI each time, so that a commit is judged by what it changed. Elsewhere they draw
 * new ones, and print the seed of a failure.
 */
import fc from 'fast-check'

if (process.env['CI']) fc.configureGlobal({ seed: 1 })
