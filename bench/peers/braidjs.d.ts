declare module '@braidjs/antimatter' {
  const braid: {
    readonly antimatter: {
      // biome-ignore lint/suspicious/noExplicitAny: it has no types of its own
      create(send: (message: any) => void): any
    }
  }
  export default braid
}
