/** A real editing session, keystroke by keystroke (see public/ATTRIBUTION.md), loaded when it is first asked for. */

/** Characters deleted and inserted at a position, in the order of the recording. */
export type Patch = readonly [position: number, deleted: number, inserted: string]

export interface Recording {
  readonly patches: readonly Patch[]
}

const FILE = 'sveltecomponent.json.gz'

export async function loadRecording(): Promise<Recording> {
  const response = await fetch(FILE)
  if (!response.ok || !response.body) throw new Error(`The recording can not be loaded (${response.status}).`)
  const unpacked = response.body.pipeThrough(new DecompressionStream('gzip'))
  const { txns } = (await new Response(unpacked).json()) as { txns: { patches: Patch[] }[] }
  return { patches: txns.flatMap(({ patches }) => patches) }
}
