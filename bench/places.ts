/** Where things are. All of this runs as one bundle, bench/.cache/bench.mjs, and from there it is seen. */

export const ROOT = new URL('../../', import.meta.url)
export const BENCH = new URL('bench/', ROOT)
export const TRACES = new URL('test/traces/', ROOT)
