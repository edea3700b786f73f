/**
 * Which parts may depend on which. Dependencies point one way: demo → tidemark → (yjs, webrtc) → core; inside
 * core, the concepts of the protocol below the replica, and the replica below the session.
 *
 * test/architecture.test.ts breaks each of these rules on purpose and sees it reported.
 */

/** The folders of core below the replica: whose code they may run, and whose types they may name besides. */
const CORE_CONCEPTS = {
  causality: { uses: [], names: [] },
  eviction: { uses: ['causality'], names: [] },
  snapshot: { uses: ['causality'], names: ['eviction'] },
  compaction: { uses: ['causality'], names: [] },
  wire: { uses: ['causality', 'compaction', 'eviction'], names: ['snapshot'] },
  membership: { uses: ['causality', 'snapshot'], names: ['wire'] },
  overlay: { uses: ['causality', 'wire'], names: ['snapshot'] },
  identity: { uses: ['causality', 'wire'], names: ['membership', 'snapshot'] },
}

/** The format's limits are numbers only; they bind whoever composes a message. */
const WIRE_LIMITS = '^packages/core/src/wire/limits\\.ts$'

const NODE_MODULES = '(^|/)node_modules/'
const CONCEPT_NAMES = Object.keys(CORE_CONCEPTS).join('|')
const CATCH_ALL_FOLDER = '(^|/)(utils?|helpers?|common)/'

/**
 * @param {string} concept
 * @param {{ uses: readonly string[], names: readonly string[] }} below
 * @returns {import('dependency-cruiser').IForbiddenRuleType[]}
 */
function coreConcept(concept, { uses, names }) {
  const from = { path: `^packages/core/src/${concept}/` }
  const reachable = [concept, ...uses, ...names].join('|')
  return [
    {
      name: `core-${concept}-stands-below`,
      comment: `core's ${concept} may import ${[...uses, ...names].join(', ') || 'no other folder'}, and nothing above it.`,
      severity: 'error',
      from,
      to: {
        path: '^packages/core/src/([^/]+/|replica|index)',
        pathNot: `^packages/core/src/(${reachable})/`,
      },
    },
    {
      name: `core-${concept}-names-types-only`,
      comment: `core's ${concept} may run the code of ${uses.join(', ') || 'no other folder'}; of others it may name types.`,
      severity: 'error',
      from,
      to: {
        path: `^packages/core/src/(${CONCEPT_NAMES})/`,
        pathNot: [`^packages/core/src/(${[concept, ...uses].join('|')})/`, WIRE_LIMITS],
        dependencyTypesNot: ['type-only'],
      },
    },
  ]
}

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'What depends on each other can only be understood, tested and changed together.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolvable',
      comment:
        'The import leads nowhere. (Published tests are found by the bundler of test pages, and what commands start is compiled later.)',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: ['^published-tests:', '^\\.\\./dist/cli\\.js$'] },
    },
    {
      name: 'no-catch-all-folders',
      comment: 'Folders are named after concepts; utils, helpers and common are not concepts.',
      severity: 'error',
      from: { pathNot: NODE_MODULES },
      to: { path: CATCH_ALL_FOLDER, pathNot: NODE_MODULES },
    },
    {
      name: 'no-catch-all-folders',
      comment: 'Folders are named after concepts; utils, helpers and common are not concepts.',
      severity: 'error',
      from: { path: CATCH_ALL_FOLDER },
      to: {},
    },
    {
      name: 'declared-packages-only',
      comment:
        'What a package ships imports only what its own package.json declares, so that it works alone.',
      severity: 'error',
      from: { path: '^(packages/[^/]+|signaling-server|demo)/src/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'packages-by-name-only',
      comment:
        'Another package is imported by its name; a path into its files makes all of them its interface.',
      severity: 'error',
      from: { path: '^(packages/[^/]+|signaling-server|demo|test|scripts)/' },
      to: {
        path: '^(packages/[^/]+|signaling-server|demo)/',
        pathNot: '^$1/',
        dependencyTypes: ['local'],
      },
    },
    {
      name: 'shipped-code-only',
      comment: 'What is shipped does not depend on tests, scripts or compiled files.',
      severity: 'error',
      from: { path: '^(packages/[^/]+|signaling-server|demo)/src/' },
      to: { path: ['^(test|scripts)/', '^(packages/[^/]+|signaling-server|demo)/(test|dist)/'] },
    },
    {
      name: 'core-stands-alone',
      comment: 'core knows neither Yjs nor WebRTC nor a platform: only lib0 (encodings) and itself.',
      severity: 'error',
      from: { path: '^packages/core/src/' },
      to: { pathNot: ['^packages/core/src/', `${NODE_MODULES}lib0/`] },
    },
    {
      name: 'yjs-uses-core-only',
      comment: 'The Yjs adapter stands on core.',
      severity: 'error',
      from: { path: '^packages/yjs/src/' },
      to: { path: '^(packages|signaling-server|demo)/', pathNot: '^packages/(yjs|core)/' },
    },
    {
      name: 'webrtc-uses-core-only',
      comment: 'The WebRTC transport stands on core.',
      severity: 'error',
      from: { path: '^packages/webrtc/src/' },
      to: { path: '^(packages|signaling-server|demo)/', pathNot: '^packages/(webrtc|core)/' },
    },
    {
      name: 'webrtc-knows-no-yjs',
      comment: 'The transport carries bytes; what they mean is not its business.',
      severity: 'error',
      from: { path: '^packages/webrtc/src/' },
      to: { path: `${NODE_MODULES}(yjs|y-protocols)/` },
    },
    {
      name: 'packages-use-packages-only',
      comment: 'Nothing in packages/ depends on the signaling server or the demo.',
      severity: 'error',
      from: { path: '^packages/[^/]+/src/' },
      to: { path: '^(signaling-server|demo)/' },
    },
    {
      name: 'signaling-server-stands-alone',
      comment: 'The signaling server introduces peers and knows nothing of what they then do.',
      severity: 'error',
      from: { path: '^signaling-server/src/' },
      to: { path: '^(packages|demo)/' },
    },
    {
      name: 'demo-uses-tidemark-only',
      comment:
        'The demo is an application: it uses the public package, and the server runs beside it, not in the browser.',
      severity: 'error',
      from: { path: '^demo/src/' },
      to: { path: '^(packages|signaling-server)/', pathNot: '^packages/tidemark/' },
    },
    {
      name: 'keeper-uses-tidemark-only',
      comment: 'A keeper is an ordinary member: it uses what applications use.',
      severity: 'error',
      from: { path: '^packages/keeper/src/' },
      to: { path: '^(packages|signaling-server|demo)/', pathNot: '^packages/(keeper|tidemark)/' },
    },
    {
      name: 'node-entry-apart',
      comment: 'What works in Node alone is an entry of its own: bundles for browsers must never meet it.',
      severity: 'error',
      from: { path: '^packages/tidemark/src/', pathNot: '^packages/tidemark/src/node/' },
      to: { path: ['^packages/tidemark/src/node/', `${NODE_MODULES}classic-level/`] },
    },
    {
      name: 'node-entry-apart',
      comment: 'Browsers have no modules of Node.',
      severity: 'error',
      from: { path: '^packages/(yjs|webrtc|tidemark)/src/', pathNot: '^packages/tidemark/src/node/' },
      to: { dependencyTypes: ['core'] },
    },
    ...Object.entries(CORE_CONCEPTS).flatMap(([concept, below]) => coreConcept(concept, below)),
    {
      name: 'core-session-stands-on-top',
      comment: 'A session runs a replica; nothing in core but its public index imports a session.',
      severity: 'error',
      from: { path: '^packages/core/src/', pathNot: '^packages/core/src/(session/|index\\.ts$)' },
      to: { path: '^packages/core/src/session/' },
    },
    {
      name: 'core-folders-are-concepts',
      comment: 'A new folder in core is a new concept: it gets its place in the order above first.',
      severity: 'error',
      from: {},
      to: {
        path: '^packages/core/src/[^/]+/',
        pathNot: `^packages/core/src/(${CONCEPT_NAMES}|replica|session)/`,
      },
    },
  ],
  options: {
    doNotFollow: { path: [NODE_MODULES, '(^|/)dist/'] },
    // Imports of types are dependencies, too.
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['@tidemark/source', 'types', 'import', 'node', 'default'],
      extensions: ['.ts', '.d.ts', '.mjs', '.js', '.json'],
    },
  },
}
