/**
 * Runs the measurements over WebRTC alone: `node bench/live/run.mjs [--quick] [--only NAME]`. Bundles them from the packages' sources.
 */
import { mkdir, readFile } from 'node:fs/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const HERE = fileURLToPath(new URL('.', import.meta.url))

/** Files find what lies beside them by `import.meta.url`, wherever they are bundled to. */
const ownUrls = {
  name: 'own-urls',
  setup(builder) {
    builder.onLoad({ filter: /\.(ts|mjs)$/ }, async ({ path }) => {
      if (path.includes('/node_modules/')) return undefined
      const source = await readFile(path, 'utf8')
      const contents = `const ownUrl = ${JSON.stringify(pathToFileURL(path).href)}\n${source}`
      return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' }
    })
  },
}

const folder = `${HERE}../.cache/`
await mkdir(folder, { recursive: true })
const outfile = `${folder}live.mjs`
await build({
  entryPoints: [`${HERE}index.ts`],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  conditions: ['@tidemark/source'],
  external: ['esbuild', 'playwright-core', 'socket.io', 'rate-limiter-flexible'],
  define: { 'import.meta.url': 'ownUrl' },
  plugins: [ownUrls],
  logLevel: 'warning',
})
const { liveMeasurements } = await import(pathToFileURL(outfile).href)
const args = process.argv.slice(2)
const quick = args.includes('--quick')
const only = args.includes('--only') ? args[args.indexOf('--only') + 1] : undefined
const say = (line) => console.error(line)
const print = (line) => process.stdout.write(`${line}\n`)
for (const measurement of liveMeasurements) {
  if (only !== undefined && measurement.name !== only) continue
  say(`${measurement.name}: ${measurement.question}`)
  show(await measurement.measure({ quick, say }))
}
process.exit(0)

function show({ tables, targets, conditions }) {
  for (const { title, columns, rows } of tables) {
    print(`\n${title}\n\n| | ${columns.join(' | ')} |\n|---|${columns.map(() => '---:|').join('')}`)
    for (const { who, figures } of rows)
      print(`| ${who} | ${columns.map((column) => cell(figures[column])).join(' | ')} |`)
  }
  print('')
  for (const { claim, atMost, measured, explanation = '' } of targets)
    print(
      `${measured <= atMost ? 'met   ' : 'MISSED'} ${claim}: ${measured.toFixed(3)} (at most ${atMost.toFixed(3)}) ${explanation}`,
    )
  for (const condition of conditions) print(`- ${condition}`)
}

function cell(figure) {
  if (figure === undefined) return ''
  if (typeof figure === 'string') return figure
  const short = (value) => (Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)))
  const spread = figure.spread ? ` (${short(figure.spread[0])}–${short(figure.spread[1])})` : ''
  return `${short(figure.value)} ${figure.unit}${spread}`
}
