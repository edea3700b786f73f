import { it } from 'vitest'
import { schedules } from './split-rooms.test.js'
it('x', { timeout: 900_000 }, () => {
  const [a, b] = (process.env['ZZ'] ?? '1-50').split('-').map(Number) as [number, number]
  for (const [name, run] of Object.entries(schedules)) {
    const kinds = new Map<string, number[]>()
    let untangled = 0, swaps = 0, typed = 0
    for (let seed = a; seed <= b; seed++) {
      try { const r = run(seed); for (const x of r.replicas) untangled += x.untangled; swaps += r.swaps; if (r.swaps) console.log('SWAP', name, seed, r.swaps, r.typed.size); typed += r.typed.size } catch (e) {
        const m = String((e as Error).message).split('\n')[0]!.replace(/Seed \d+: /, '').replace(/\d+/g, 'N').slice(0, 100)
        kinds.set(m, [...(kinds.get(m) ?? []), seed])
      }
    }
    console.log(name, 'untangled', untangled, 'swaps', swaps, 'of', typed, [...kinds].map(([m, s]) => `${s.length}  ${m}  ${s.slice(0, 12)}`).join('\n'))
  }
})
