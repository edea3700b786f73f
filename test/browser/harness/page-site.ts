/**
 * A web site on an ephemeral localhost port (a secure context) with one page per bundled entry file.
 */
import { serveFiles } from '../../../scripts/static-server.mjs'
import { type Bundle, bundlePage } from './bundle.js'

/** Loads the entry as a module and keeps its exports where `TestPage.call` finds them. */
const SHELL = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Test page</title>
    <link rel="icon" href="data:," />
  </head>
  <body>
    <script type="module">
      globalThis.entryModule = import('./main.js')
    </script>
  </body>
</html>
`

export class PageSite {
  private readonly server: { readonly port: number; close(): Promise<void> }
  private readonly files: Map<string, string>
  /** Folder by entry file. */
  private readonly folders = new Map<string, string>()
  private readonly bundles = new Map<string, Bundle>()

  private constructor(server: { readonly port: number; close(): Promise<void> }, files: Map<string, string>) {
    this.server = server
    this.files = files
  }

  static async open(): Promise<PageSite> {
    const files = new Map<string, string>()
    return new PageSite(await serveFiles(files, { port: 0, host: '127.0.0.1' }), files)
  }

  /** @returns the address of a page that runs `entryFile`. */
  async page(entryFile: string): Promise<URL> {
    let folder = this.folders.get(entryFile)
    if (folder === undefined) {
      const bundle = await bundlePage(entryFile)
      folder = `/${this.folders.size}/`
      this.folders.set(entryFile, folder)
      this.bundles.set(folder, bundle)
      this.files.set(`${folder}index.html`, SHELL)
      this.files.set(`${folder}main.js`, bundle.code)
    }
    return new URL(folder, `http://localhost:${this.server.port}`)
  }

  /** Names TypeScript files in a stack trace instead of bundles. */
  sourcePositions(stack: string): string {
    return stack.replace(
      /http:\/\/localhost:\d+(\/\d+\/)main\.js:(\d+):(\d+)/g,
      (address, folder, line, column) => {
        const entry = this.bundles.get(folder)?.sourceMap.findEntry(Number(line) - 1, Number(column) - 1)
        if (!entry || !('originalSource' in entry)) return address
        return `${entry.originalSource}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
      },
    )
  }

  close(): Promise<void> {
    return this.server.close()
  }
}
