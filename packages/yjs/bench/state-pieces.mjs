/**
 * How long the tasks of sending and loading a large state are, against Yjs' own way in one go.
 *
 *     node packages/yjs/bench/state-pieces.mjs [structs in thousands [part of a shape's name]]
 *
 * Each shape is a document that is hard in its own way. Pieces are the same in every run, so of each task the
 * fastest run counts: that leaves out what a shared machine adds, and garbage collection where it falls elsewhere.
 * `worst` is the longest single task of the best run, with all of that in it.
 */
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import * as encoding from 'lib0/encoding'
import * as Y from 'yjs'

const source = fileURLToPath(new URL('../src/index.ts', import.meta.url))
const bundle = fileURLToPath(new URL('../.cache/structure.mjs', import.meta.url))
await build({ entryPoints: [source], outfile: bundle, bundle: true, format: 'esm', packages: 'external' })
const { YjsStructure } = await import(bundle)

const STRUCTS = Number(process.argv[2] ?? 500) * 1000
const RUNS = 5
const random = (() => {
  let seed = 1
  return (below) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff
    return seed % below
  }
})()

function withClient(id) {
  const doc = new Y.Doc()
  doc.clientID = id
  return doc
}

function sync(from, to) {
  Y.applyUpdate(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)))
}

/**
 * Several clients type and erase single characters, moving to another place after every few, and sync now and
 * then. Nothing merges into runs.
 */
function randomCharacters(clients) {
  const docs = Array.from({ length: clients }, (_, i) => withClient(1000 + i))
  const count = () => [...docs[0].store.clients.values()].reduce((sum, structs) => sum + structs.length, 0)
  while (count() < STRUCTS) {
    for (const doc of docs) {
      doc.transact(() => {
        const text = doc.getText('t')
        for (let i = 0, place = 0; i < 20000 / clients; i++) {
          if (i % 20 === 0) place = random(text.length + 1)
          if (i % 5 === 4) text.delete(place, 1)
          else text.insert(place, 'x')
        }
      })
    }
    for (const doc of docs.slice(1)) sync(doc, docs[0])
    for (const doc of docs.slice(1)) sync(docs[0], doc)
  }
  return docs[0]
}

/** Map entries overwritten again and again, under many keys. */
function overwrittenMap() {
  const doc = withClient(1)
  doc.transact(() => {
    const map = doc.getMap('m')
    for (let i = 0; i < STRUCTS; i++) map.set(`key ${i % 5000}`, i)
  })
  return doc
}

/** An array of small nested maps. */
function nestedMaps() {
  const doc = withClient(1)
  const rows = []
  for (let i = 0; i < STRUCTS / 4; i++) {
    rows.push(new Y.Map(Object.entries({ id: i, name: `row ${i}`, done: false })))
  }
  doc.getArray('a').push(rows)
  return doc
}

/** Every second character erased: half a million ranges of deletions. */
function perforated() {
  const doc = withClient(1)
  doc.getText('t').insert(0, 'ab'.repeat(STRUCTS / 2))
  // As one delete set: the same by `text.delete` takes minutes.
  const deletes = encoding.createEncoder()
  for (const value of [0, 1, 1, STRUCTS / 2]) encoding.writeVarUint(deletes, value)
  for (let clock = 0; clock < STRUCTS; clock += 2) {
    encoding.writeVarUint(deletes, clock)
    encoding.writeVarUint(deletes, 1)
  }
  Y.applyUpdate(doc, encoding.toUint8Array(deletes))
  return doc
}

/** One insertion of 5 MB. */
function oneInsertion() {
  const doc = withClient(1)
  doc.getText('t').insert(0, 'lorem ipsum '.repeat(420_000))
  return doc
}

/** Ten thousand clients with a few words each. */
function manyClients() {
  const doc = withClient(1)
  const clients = 10_000
  const perClient = STRUCTS / clients
  for (let c = 0; c < clients; c++) {
    doc.clientID = 10 + c
    doc.transact(() => {
      for (let i = 0; i < perClient; i++) doc.getText(`t${c % 100}`).insert(0, 'w')
    })
  }
  return doc
}

function timed(task) {
  const start = performance.now()
  const result = task()
  return { result, ms: performance.now() - start }
}

function measure(doc, pieceBytes) {
  const sponsor = new YjsStructure(doc, { onLocalChange() {} })
  const structure = new YjsStructure(new Y.Doc(), { onLocalChange() {} })
  const encode = []
  const load = []
  let bytes = 0
  structure.beginLoad()
  const iterator = sponsor.encodeState(pieceBytes)
  for (;;) {
    const made = timed(() => iterator.next())
    if (made.result.done) break
    encode.push(made.ms)
    bytes += made.result.value.bytes.length
    const loaded = timed(() => structure.loadPiece(made.result.value.bytes))
    if (loaded.result !== undefined) throw new Error(loaded.result)
    load.push(loaded.ms)
  }
  structure.endLoad()
  sponsor.destroy()
  structure.destroy()
  return { bytes, encode, load }
}

/** Of each task the fastest run: their sum and the longest; and the longest of the best run as it was. */
function figures(runs, of) {
  const fastest = of(runs[0]).map((_, i) => Math.min(...runs.map((run) => of(run)[i])))
  const sum = fastest.reduce((total, value) => total + value, 0)
  const worst = Math.min(...runs.map((run) => Math.max(...of(run))))
  return `${ms(sum)} longest ${ms(Math.max(...fastest))} worst ${ms(worst)}`
}

function print(line) {
  process.stdout.write(`${line}\n`)
}

const ms = (value) => value.toFixed(1).padStart(8)

function report(name, doc) {
  const structs = [...doc.store.clients.values()].reduce((sum, list) => sum + list.length, 0)
  const whole = timed(() => Y.encodeStateAsUpdate(doc))
  const applied = timed(() => Y.applyUpdate(new Y.Doc(), whole.result))
  print(`\n${name}: ${structs} structs, ${whole.result.length} bytes`)
  print(`  Yjs in one go       encode ${ms(whole.ms)}   apply ${ms(applied.ms)}`)
  for (const pieceBytes of [65_536, 16_384, 8_192]) {
    const runs = Array.from({ length: RUNS }, () => measure(doc, pieceBytes))
    const [{ bytes, load }] = runs
    print(
      `  ${String(pieceBytes / 1024).padStart(3)} KiB ${String(load.length).padStart(5)} pieces` +
        `   encode ${figures(runs, (run) => run.encode)}   load ${figures(runs, (run) => run.load)}   ${bytes} bytes`,
    )
  }
  const size = new YjsStructure(doc, { onLocalChange() {} })
  const calls = Array.from({ length: Math.ceil(structs / 20_000) + 1 }, () => timed(() => size.stateBytes()))
  print(
    `  stateBytes ${calls[0].result} at first, then ${calls.at(-1).result}; longest call ${ms(Math.max(...calls.map((call) => call.ms)))}`,
  )
  const returner = new Y.Doc()
  Y.applyUpdate(returner, whole.result)
  returner.getText('own').insert(0, 'typed offline')
  returnerReport(returner, doc)
}

/** Somebody who has it all already, and a line of his own. */
function returnerReport(returner, doc) {
  const structure = new YjsStructure(returner, { onLocalChange() {} })
  const sponsor = new YjsStructure(doc, { onLocalChange() {} })
  structure.beginLoad()
  let longest = 0
  const iterator = sponsor.encodeState(16_384)
  for (let next = iterator.next(); !next.done; next = iterator.next()) {
    longest = Math.max(longest, timed(() => structure.loadPiece(next.value.bytes)).ms)
  }
  const ended = timed(() => structure.endLoad())
  const carry = timed(() => structure.takeLocalChange())
  print(
    `  a returner          longest load ${ms(longest)}   endLoad ${ms(ended.ms)}   carry of ${carry.result.length} bytes in ${ms(carry.ms)}`,
  )
}

const SHAPES = {
  'random characters, 5 clients': () => randomCharacters(5),
  'overwritten map entries': overwrittenMap,
  'nested maps': nestedMaps,
  'every second character erased': perforated,
  'one insertion of 5 MB': oneInsertion,
  '10,000 clients': manyClients,
}
for (const [name, make] of Object.entries(SHAPES)) {
  if (name.includes(process.argv[3] ?? '')) report(name, make())
}
