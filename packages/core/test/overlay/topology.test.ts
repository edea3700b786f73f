import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chosenNeighbours } from '../../src/overlay/topology.js'

const MAX_CONNECTIONS = 8
const CHOICES = 4

type Graph = Map<string, Set<string>>

/** The links of a room: whoever is chosen by one side is linked to it. */
function graphOf(members: readonly string[]): Graph {
  const graph: Graph = new Map(members.map((member) => [member, new Set()]))
  for (const member of members) {
    for (const chosen of chosenNeighbours(member, members, MAX_CONNECTIONS)) {
      graph.get(member)?.add(chosen)
      graph.get(chosen)?.add(member)
    }
  }
  return graph
}

/** Hops from the first member to everybody that can be reached from it. */
function distances(graph: Graph): Map<string, number> {
  const [first = ''] = graph.keys()
  const hops = new Map([[first, 0]])
  for (const [member, distance] of hops) {
    for (const next of graph.get(member) ?? []) if (!hops.has(next)) hops.set(next, distance + 1)
  }
  return hops
}

const links = (graph: Graph) =>
  new Set([...graph].flatMap(([a, others]) => [...others].map((b) => `${a} ${b}`)))

const room = (minLength: number, maxLength: number) =>
  fc.tuple(fc.integer({ min: minLength, max: maxLength }), fc.nat()).map(([size, seed]) =>
    // The hash of an id is as good as a random one, and a list of 300 is made in no time.
    Array.from({ length: size }, (_, i) => `${seed.toString(36)}-${i}`),
  )

const RUNS = { numRuns: 20 }

describe('the topology', () => {
  test('[OV3] is the full mesh in a small room', () => {
    fc.assert(
      fc.property(room(2, MAX_CONNECTIONS + 1), (members) => {
        for (const [member, linked] of graphOf(members)) {
          expect([...linked].sort()).toEqual(members.filter((other) => other !== member).sort())
        }
      }),
    )
  })

  test('[OV3] is a pure function of the set of members', () => {
    fc.assert(
      fc.property(room(2, 60), (members) => {
        const [self = ''] = members
        const chosen = chosenNeighbours(self, members, MAX_CONNECTIONS)
        expect(chosenNeighbours(self, [...members].reverse(), MAX_CONNECTIONS)).toEqual(chosen)
        expect(chosen.has(self)).toBe(false)
      }),
    )
  })

  test('[OV3] connects rooms of 2 to 300 members, in few hops', () => {
    fc.assert(
      fc.property(room(2, 300), (members) => {
        const hops = distances(graphOf(members))
        expect(hops.size).toBe(members.length)
        expect(Math.max(...hops.values())).toBeLessThanOrEqual(8)
      }),
      RUNS,
    )
  })

  test('[OV3] asks for a bounded number of links per member', () => {
    fc.assert(
      fc.property(room(MAX_CONNECTIONS + 2, 300), (members) => {
        for (const member of members) {
          const chosen = chosenNeighbours(member, members, MAX_CONNECTIONS)
          expect(chosen.size).toBeGreaterThan(0)
          expect(chosen.size).toBeLessThanOrEqual(CHOICES)
        }
        const degrees = [...graphOf(members).values()].map((linked) => linked.size)
        const mean = degrees.reduce((sum, degree) => sum + degree) / degrees.length
        expect(mean).toBeLessThanOrEqual(MAX_CONNECTIONS)
        // Who has a long arc of the ring before it is chosen by many: the longest of n arcs is about ln n times the mean.
        const longest = CHOICES + CHOICES * 3 * Math.log(members.length)
        expect(Math.max(...degrees)).toBeLessThanOrEqual(longest)
      }),
      RUNS,
    )
  })

  test('[OV3] moves few links when a member comes or goes', () => {
    fc.assert(
      fc.property(room(MAX_CONNECTIONS + 3, 200), (members) => {
        const [newcomer = '', ...others] = members
        const before = links(graphOf(others))
        const after = links(graphOf(members))
        const untouched = [...before].filter((link) => after.has(link)).length
        const added = [...after].filter((link) => !before.has(link) && !link.includes(newcomer)).length
        const moved = before.size - untouched
        // Each link is counted from both of its ends.
        expect(moved / 2).toBeLessThanOrEqual(CHOICES + CHOICES * 3 * Math.log(members.length))
        expect(added / 2).toBeLessThanOrEqual(CHOICES)
      }),
      RUNS,
    )
  })

  test('[OV3] connects whoever is left when a random third is gone', () => {
    const survivors = room(4, 300).chain((members) =>
      fc.shuffledSubarray(members, { minLength: Math.ceil(members.length * 0.7), maxLength: members.length }),
    )
    fc.assert(
      fc.property(survivors, (members) => {
        expect(distances(graphOf(members)).size).toBe(members.length)
      }),
      RUNS,
    )
  })
})
